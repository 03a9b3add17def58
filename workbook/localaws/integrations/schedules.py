"""Schedule expressions of EventBridge: when a rule fires [D23].

::

    rate(5 minutes)        cron(0/15 8-17 ? * MON-FRI *)        cron(0 12 L * ? *)
"""

import calendar
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

RATE = re.compile(r"rate\((?P<count>\d+) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
CRON = re.compile(r"cron\((?P<fields>[^()]*)\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
MONTH_NAMES = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
DAY_NAMES = "SUNMONTUEWEDTHUFRISAT"
FIRST_YEAR, LAST_YEAR = 1970, 2199
ANY_DAY = "?"

DayTest = Callable[[date], bool]


class InvalidScheduleError(ValueError):
    """An expression that AWS refuses."""


class Schedule(Protocol):
    """Times at which a rule fires."""

    def after(self, moment: float) -> float | None:
        """Return the next time after a moment, in seconds since the epoch; None for never."""
        ...


@dataclass(frozen=True)
class Rate:
    """A fixed interval in seconds."""

    seconds: int

    def after(self, moment: float) -> float | None:
        """Return the next time; see ``Schedule``."""
        return moment + self.seconds


@dataclass(frozen=True)
class Cron:
    """Minutes, hours and days in UTC, from a cron expression."""

    minutes: Collection[int]
    hours: Collection[int]
    is_day: DayTest
    months: Collection[int]
    years: Collection[int]

    def after(self, moment: float) -> float | None:
        """Return the next time; see ``Schedule``."""
        start = datetime.fromtimestamp(moment // 60 * 60 + 60, UTC)
        day = start.date()
        while day.year <= LAST_YEAR:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            else:
                if self.is_day(day):
                    for hour in sorted(self.hours):
                        for minute in sorted(self.minutes):
                            found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                            if found >= start:
                                return found.timestamp()
                day += timedelta(days=1)
        return None


def parse(expression: str) -> Schedule:
    """Return the schedule of an expression.

    Args:
        expression: ``rate(...)`` or ``cron(...)``.

    Raises:
        InvalidScheduleError: the expression is not valid.
    """
    if rate := RATE.fullmatch(expression):
        count = int(rate["count"])
        if count < 1 or (count == 1) == bool(rate["plural"]):  # 1 minute, 2 minutes
            raise InvalidScheduleError(expression)
        return Rate(count * SECONDS[rate["unit"]])
    cron = CRON.fullmatch(expression)
    fields = cron["fields"].upper().split() if cron else []
    if len(fields) != 6:
        raise InvalidScheduleError(expression)
    minutes, hours, day, month, weekday, years = fields
    if (day == ANY_DAY) == (weekday == ANY_DAY):  # exactly one of the two
        raise InvalidScheduleError(expression)
    return Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        _weekday(weekday) if day == ANY_DAY else _day_of_month(day),
        _numbers(month, 1, 12, MONTH_NAMES),
        _numbers(years, FIRST_YEAR, LAST_YEAR),
    )


def _numbers(field: str, least: int, most: int, names: str = "") -> set[int]:
    """Return the numbers in a field: ``*``, ``1,5``, ``1-5``, ``0/15``, ``2-20/3``."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (step.isdecimal() and int(step)):
            raise InvalidScheduleError(field)
        start = least if span == "*" else _number(first, least, most, names)
        end = start
        if span == "*" or (slash and not dash):
            end = most
        elif dash:
            end = _number(last, least, most, names)
        if end < start:
            raise InvalidScheduleError(field)
        found.update(range(start, end + 1, int(step) if slash else 1))
    return found


def _number(text: str, least: int, most: int, names: str = "") -> int:
    """Return a number, which may be written as a three-letter name from the string ``names``."""
    number = int(text) if text.isdecimal() else least - 1
    if re.fullmatch("[A-Z]{3}", text) and names.find(text) % 3 == 0:
        number = names.index(text) // 3 + 1
    if not least <= number <= most:
        raise InvalidScheduleError(text)
    return number


def _day_of_month(field: str) -> DayTest:
    """Return a test for ``L`` (the last day), ``15W`` (the nearest weekday) and numbers."""
    if field == "L":
        return lambda day: day.day == _length(day)
    if found := re.fullmatch(r"(\d+)W", field):
        wanted = _number(found[1], 1, 31)
        return lambda day: day.day == _nearest_weekday(day, wanted)
    numbers = _numbers(field, 1, 31)
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, wanted: int) -> int:
    """Return the weekday (Monday to Friday) nearest to a day, within its month."""
    length = _length(day)
    if wanted > length:
        return 0
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:  # Saturday
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < length else wanted - 2
    return wanted


def _weekday(field: str) -> DayTest:
    """Return a test for ``6L`` (the last Friday), ``6#3`` (the third) and numbers."""
    if field == "L":
        return lambda day: day.isoweekday() == 6
    if found := re.fullmatch(r"(\w+)L", field):
        last = _number(found[1], 1, 7, DAY_NAMES)
        return lambda day: _of_week(day) == last and day.day > _length(day) - 7
    if found := re.fullmatch(r"(\w+)#([1-5])", field):
        wanted, which = _number(found[1], 1, 7, DAY_NAMES), int(found[2])
        return lambda day: _of_week(day) == wanted and (day.day + 6) // 7 == which
    numbers = _numbers(field, 1, 7, DAY_NAMES)
    return lambda day: _of_week(day) in numbers


def _of_week(day: date) -> int:
    return day.isoweekday() % 7 + 1  # Sunday is 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
