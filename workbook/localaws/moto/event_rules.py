"""moto's EventBridge, with rules that can have functions and streams as targets, and schedules."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events import models
from moto.utilities.arns import parse_arn

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations import events, schedules
from workbook.localaws.integrations.schedules import Schedule
from workbook.localaws.integrations.stream_writes import Write
from workbook.localaws.moto import functions, kinesis
from workbook.localaws.moto.takeover import take_over

OURS = ("kinesis", "lambda")
INVALID_SCHEDULE = "Parameter ScheduleExpression is not valid."  # [OBS]
MOTOS = ("logs", "events", "sqs")

# Settings of a target that have an effect here.
SETTINGS = {
    *("Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer"),
    *("KinesisParameters", "SqsParameters"),
}

log = logging.getLogger(__name__)


class Rule(models.Rule):
    """A rule whose targets may also be functions and streams."""

    now: Callable[[], float]  # set in a subclass by ``install``

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        if self.state == "ENABLED":
            pattern = self.event_pattern
            try:
                self.event_pattern = models.EventPattern.load(None)  # applies to other events only
                self._send(events.scheduled(ACCOUNT_ID, self.region_name, self.arn, moment), True)
            finally:
                self.event_pattern = pattern

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        """Send an event to all targets, if it matches; a rule with only a schedule matches none."""
        if self.event_pattern.get_pattern() or not self.schedule:
            self._send(original_event, transform_input)

    def _send(self, original_event: Any, transform_input: bool) -> None:
        ours = [one for one in self.targets if parse_arn(one["Arn"]).service in OURS]
        others, all_targets = [one for one in self.targets if one not in ours], self.targets
        try:
            self.targets = others
            super().send_to_targets(original_event, transform_input)
        finally:
            self.targets = all_targets
        if ours and self.state == "ENABLED" and self.event_pattern.matches_event(original_event):
            found = events.event(original_event)
            for target in ours:
                _deliver(self.region_name, target, found, self.arn)


class EventsBackend(models.EventsBackend):
    """moto's backend, which refuses targets that cannot receive events."""

    @property
    def _url_module(self) -> Any:
        from moto.events import urls  # moto derives it from the class' module

        return urls

    def put_rule(self, *args: Any, **kwargs: Any) -> Any:
        """Handle PutRule."""
        expression = kwargs.get("scheduled_expression")
        if expression and kwargs.get("event_bus_arn") in (None, "default"):
            try:
                schedules.parse(expression)
            except schedules.InvalidScheduleError:
                raise JsonRESTError("ValidationException", INVALID_SCHEDULE) from None
        return super().put_rule(*args, **kwargs)

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        """Handle PutTargets."""
        for target in targets:
            _check(target)
        super().put_targets(name, event_bus_arn, targets)


def _check(target: Mapping[str, Any]) -> None:
    """Check that a target can receive events.

    Raises:
        JsonRESTError: nothing can be delivered to it [SEEN], or not in the local AWS.
    """
    arn, identity = target["Arn"], target["Id"]
    given = [one for one in ("Input", "InputPath", "InputTransformer") if one in target]
    if len(given) > 1:
        raise JsonRESTError(
            "ValidationException",
            "Only one of Input, InputPath, or InputTransformer must be provided for target "
            f"{identity}.",
        )
    service = arn.split(":")[2] if arn.startswith("arn:") and arn.count(":") > 4 else ""
    if service == "kinesis" and not target.get("RoleArn"):
        raise JsonRESTError("ValidationException", f"RoleArn is required for target {arn}.")
    if service and service not in (*OURS, *MOTOS):
        raise JsonRESTError(
            "ValidationException",
            f"The local AWS does not deliver events to {service} (target {identity}); it delivers "
            f"to {', '.join(sorted((*OURS, *MOTOS)))}.",
        )
    for name in sorted(target.keys() - SETTINGS):
        raise JsonRESTError(
            "ValidationException", f"The local AWS does not support {name} (target {identity})."
        )


def _deliver(
    region: str, target: Mapping[str, Any], found: Mapping[str, Any], rule_arn: str
) -> None:
    content = events.target_input(target, found, rule_arn)
    arn = target["Arn"]
    if parse_arn(arn).service == "lambda":
        functions.invoke_event(region, arn, content)
        return
    key = events.partition_key(target, found)
    kinesis.backend(region).send(Write(f"the rule {rule_arn}", arn, key, content))


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


def install(now: Callable[[], float]) -> None:
    """Make moto use these rules; on its thread, before the first one is created."""
    module: Any = models
    module.Rule = type("Rule", (Rule,), {"now": staticmethod(now)})
    take_over(models.events_backends, EventsBackend)
