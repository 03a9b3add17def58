"""The state of a CloudWatch alarm, computed from its data points [D23, OBS].

An alarm evaluates a range of periods, longer than its evaluation periods. If enough of them have
data, only those count. Otherwise, as few gaps as possible are filled, as the alarm's setting for
missing data says.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
EXTRA_PERIODS = 2  # by which the range is longer
INITIAL_REASON = "Unchecked: Initial alarm creation"  # [OBS]
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Rule:
    """The condition of an alarm.

    Args:
        comparison: the operator, such as ``GreaterThanThreshold``.
        threshold: the value to compare with.
        periods: the number of evaluation periods.
        to_alarm: the number of data points to alarm.
        treat_missing: how a period without data is treated.
    """

    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    treat_missing: str

    @property
    def range(self) -> int:
        """Return the number of periods to evaluate."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, value: float) -> bool:
        """Return whether a value breaches the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


def state(rule: Rule, values: Sequence[float | None]) -> str | None:
    """Return the state that the data gives; None if the alarm keeps its present state.

    Args:
        rule: the alarm's rule.
        values: the value of each period in the range, oldest first; None for a period without data.
    """
    real = [value for value in values if value is not None]
    breaching = sum(map(rule.breaches, real[-rule.periods :]))
    if len(real) >= rule.periods:
        return ALARM if breaching >= rule.to_alarm else OK
    gaps = rule.periods - len(real)
    if rule.treat_missing == BREACHING:
        return ALARM if breaching + gaps >= rule.to_alarm else OK
    if breaching >= rule.to_alarm:
        return ALARM
    if rule.treat_missing == NOT_BREACHING:
        return OK
    if not real:
        return INSUFFICIENT if rule.treat_missing == MISSING else None
    if not breaching:
        return OK
    if rule.treat_missing == IGNORE:
        return None
    return _with_gaps(rule, values)


def _with_gaps(rule: Rule, values: Sequence[float | None]) -> str | None:
    """Return the state for data that has gaps and some breaching values.

    It is ALARM only if the oldest breach is old enough to fill the periods needed, and no later
    value was within the threshold: a single late value must not raise an alarm early.
    """
    first = next(
        at for at, value in enumerate(values) if value is not None and rule.breaches(value)
    )
    since = [value for value in values[first:] if value is not None]
    if all(map(rule.breaches, since)):
        return ALARM if len(values) - first >= rule.to_alarm else None
    return OK


def reason(rule: Rule, found: str, points: Sequence[tuple[float, float | None]]) -> str:
    """Return why an alarm is in a state, in AWS's words [OBS].

    Args:
        rule: the alarm's rule.
        found: the new state.
        points: the start of each period, in seconds since the epoch, and its value; oldest first.
    """
    real = [(when, value) for when, value in points if value is not None][-rule.periods :]
    gaps = rule.periods - len(real)
    treated = {BREACHING: "[Breaching]", NOT_BREACHING: "[NonBreaching]"}.get(rule.treat_missing)
    unknown = f"{gaps} missing datapoint{_s(gaps)} {_were(gaps)} treated as {treated}"
    if not real:
        if found == INSUFFICIENT:
            return f"Insufficient Data: {gaps} datapoint{_s(gaps)} {_were(gaps)} unknown."
        periods = f"no datapoints were received for {rule.periods} period{_s(rule.periods)}"
        return f"Threshold Crossed: {periods} and {unknown}."
    counted = [(when, value) for when, value in real if rule.breaches(value) == (found == ALARM)]
    told = ", ".join(f"{value} ({_time(when)})" for when, value in reversed(counted))
    count = len(counted)
    words = COMPARISONS[rule.comparison][1]
    text = (
        f"Threshold Crossed: {count} datapoint{_s(count)} [{told}] {_were(count)} "
        f"{'' if found == ALARM else 'not '}{words} the threshold ({float(rule.threshold)})"
    )
    return f"{text} and {unknown}." if gaps > 0 and treated else f"{text}."


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d/%m/%y %H:%M:%S}"
