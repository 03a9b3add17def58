"""moto's EventBridge, with AWS's event patterns and schedules, and our delivery to targets."""

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events import models, responses

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations import event_patterns, events, schedules
from workbook.localaws.integrations.schedules import Schedule
from workbook.localaws.moto import event_targets
from workbook.localaws.moto.takeover import take_over

INVALID_SCHEDULE = "Parameter ScheduleExpression is not valid."  # [OBS]
INVALID_PATTERN = "Event pattern is not valid. Reason: {}"  # [SEEN]
NOT_AWS = {  # the entry of an event whose source begins with "aws." [SEEN]
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}
TOO_LARGE = "Total size of the entries in the request is over the limit."  # [OBS]
TOO_MANY = "The requested resource exceeds the maximum number allowed."  # [OBS]
MOST_BYTES = 256 * 1024  # of all entries of a call [BC]
MOST_TARGETS = 5  # of a rule [OBS]
TIME_BYTES = 14  # of an entry that has a time [BC]

log = logging.getLogger(__name__)


class Rule(models.Rule):
    """A rule with AWS's patterns and schedules, whose targets do not affect one another."""

    now: Callable[[], float]  # set in a subclass by ``install``, like the next one
    bury: event_targets.Bury

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = self.event_pattern.dump()
        self._matches = event_patterns.compile_pattern(text) if text else None
        self.schedule: Schedule | None = None
        if self.scheduled_expression:
            self.schedule = schedules.parse(self.scheduled_expression)
        self.due: float | None = None  # when it fires next
        self._wait(self.now())

    def _wait(self, moment: float) -> None:
        self.due = self.schedule.after(moment) if self.schedule else None

    def enable(self) -> None:
        """Handle EnableRule."""
        if self.state != "ENABLED":
            self._wait(self.now())
        super().enable()

    def fire(self) -> None:
        """Send the event that is due to all targets, and schedule the next."""
        moment = self.due
        if moment is None:
            return
        self._wait(moment)
        self._send(events.scheduled(ACCOUNT_ID, self.region_name, self.arn, moment), True)

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        """Send an event to all targets, if it matches; a rule with only a schedule matches none."""
        told = {**original_event, "time": events.instant(original_event["time"])}
        if self._matches is not None and self._matches(told):
            self._send(original_event, transform_input)

    def _send(self, original_event: Any, transform_input: bool) -> None:
        if self.state != "ENABLED":
            return
        found = events.event(original_event)
        for target in self.targets:
            if service_of(target["Arn"]) in event_targets.OURS:
                event_targets.deliver(
                    self.region_name, self.arn, target, found, self.now(), self.bury
                )
            else:
                self._send_to_moto(target, original_event, transform_input)

    def _send_to_moto(self, target: Any, original_event: Any, transform_input: bool) -> None:
        """Send an event to a bus or an archive."""
        pattern, targets = self.event_pattern, self.targets
        try:
            self.event_pattern = models.EventPattern.load(None)  # it has been matched
            self.targets = [target]
            super().send_to_targets(original_event, transform_input)
        except JsonRESTError as refusal:
            log.warning("an event of %s for %s is lost: %s", self.arn, target["Arn"], refusal)
        finally:
            self.event_pattern, self.targets = pattern, targets


class EventsBackend(models.EventsBackend):
    """moto's backend, which refuses rules and targets that have no effect."""

    @property
    def _url_module(self) -> Any:
        from moto.events import urls  # moto derives it from the class' module

        return urls

    def put_rule(self, *args: Any, **kwargs: Any) -> Any:
        """Handle PutRule."""
        expression, pattern = kwargs.get("scheduled_expression"), kwargs.get("event_pattern")
        if expression and kwargs.get("event_bus_arn") in (None, "default"):
            try:
                schedules.parse(expression)
            except schedules.InvalidScheduleError:
                raise JsonRESTError("ValidationException", INVALID_SCHEDULE) from None
        if pattern:
            _compiled(pattern)
        return super().put_rule(*args, **kwargs)

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        """Handle PutTargets."""
        for target in targets:
            event_targets.check(target, self.region_name)
        bus = self._get_event_bus(self._normalize_event_bus_arn(event_bus_arn))
        rule = bus.rules.get(name)
        present = rule.targets if rule else []
        if len({one["Id"] for one in (*present, *targets)}) > MOST_TARGETS:
            raise JsonRESTError("LimitExceededException", TOO_MANY)
        super().put_targets(name, event_bus_arn, targets)


def _compiled(pattern: str) -> event_patterns.Test:
    """Return a test of events.

    Raises:
        JsonRESTError: the pattern is not valid.
    """
    try:
        return event_patterns.compile_pattern(pattern)
    except event_patterns.InvalidPatternError as reason:
        message = INVALID_PATTERN.format(reason)
        raise JsonRESTError("InvalidEventPatternException", message) from None


def _put_events(handler: Any, now: Callable[[], float]) -> str:
    """Handle PutEvents; an event for a bus that does not exist is dropped [OBS]."""
    entries = json.loads(handler.body)["Entries"]
    if sum(map(_size, entries)) > MOST_BYTES:
        raise JsonRESTError("ValidationException", TOO_LARGE)
    answers = [_put_event(handler.events_backend, one, now) for one in entries]
    failed = sum("ErrorCode" in one for one in answers)
    return json.dumps({"FailedEntryCount": failed, "Entries": answers})


def _put_event(backend: Any, entry: dict[str, Any], now: Callable[[], float]) -> dict[str, Any]:
    """Return the answer to an entry of PutEvents, after sending its event."""
    if str(entry.get("Source", "")).startswith("aws."):
        return NOT_AWS
    timed = {**entry, "Time": entry.get("Time", now())}
    bus = str(entry.get("EventBusName") or "default").rpartition("/")[2]
    if bus not in backend.event_buses:
        return {"EventId": str(uuid.uuid4())}
    (answer,) = backend.put_events([timed])
    told: dict[str, Any] = answer
    return told


def _size(entry: Mapping[str, Any]) -> int:
    """Return the size of an entry in bytes [BC]."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or []
    return sum(len(one.encode()) for one in texts) + (TIME_BYTES if entry.get("Time") else 0)


def _test_pattern(handler: Any) -> str:
    """Handle TestEventPattern."""
    given = json.loads(handler.body)
    matches = _compiled(given["EventPattern"])
    try:
        event = json.loads(given["Event"])
    except ValueError:
        message = "Parameter Event is not valid. Reason: Invalid JSON"
        raise JsonRESTError("ValidationException", message) from None
    return json.dumps({"Result": matches(event)})


def _checked(operation: str, answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a handler that refuses parameters that violate the model [BC]."""

    def run(handler: Any) -> Any:
        try:
            model.events().read(operation, json.loads(handler.body))
        except ApiError as refused:
            raise JsonRESTError(refused.code, refused.message) from None
        return answer(handler)

    return run


def fire(now: float) -> None:
    """Fire all rules that are due, in order of time; on moto's thread."""
    while due := [rule for rule in _scheduled() if rule.due <= now]:
        rule = min(due, key=lambda one: one.due)
        try:
            rule.fire()
        except Exception:  # one rule's target must not stop the others
            log.exception("cannot fire %s", rule.arn)


def _scheduled() -> list[Any]:
    rules: list[Any] = [
        rule
        for backend in models.events_backends[ACCOUNT_ID].values()
        for bus in backend.event_buses.values()
        for rule in bus.rules.values()
    ]
    return [rule for rule in rules if rule.due is not None]


def install(now: Callable[[], float], bury: event_targets.Bury) -> None:
    """Make moto use these rules; on its thread, before the first one is created."""
    module: Any = models
    settings = {"now": staticmethod(now), "bury": staticmethod(bury)}
    module.Rule = type("Rule", (Rule,), settings)
    take_over(models.events_backends, EventsBackend)
    handler: Any = responses.EventsHandler
    for operation, name in (("PutRule", "put_rule"), ("PutTargets", "put_targets")):
        setattr(handler, name, _checked(operation, getattr(handler, name)))
    handler.put_events = _checked("PutEvents", lambda self: _put_events(self, now))
    handler.test_event_pattern = _checked("TestEventPattern", _test_pattern)
