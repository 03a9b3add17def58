"""moto's EventBridge, with rules that reach functions and streams."""

import base64
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events import models
from moto.utilities.arns import parse_arn

from workbook.localaws.integrations import events
from workbook.localaws.moto import functions, kinesis
from workbook.localaws.moto.takeover import take_over

OURS = ("kinesis", "lambda")
MOTOS = ("logs", "events", "sqs")


class Rule(models.Rule):
    """A rule whose targets may be functions and streams, too."""

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        """Hand an event to all targets, if it matches."""
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
    """moto's backend, which refuses targets that nothing is delivered to."""

    @property
    def _url_module(self) -> Any:
        from moto.events import urls  # moto derives it from the class' module

        return urls

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        """PutTargets."""
        for target in targets:
            _check(target)
        super().put_targets(name, event_bus_arn, targets)


def _check(target: Mapping[str, Any]) -> None:
    """Check a target.

    Raises:
        JsonRESTError: nothing can be delivered to it [SEEN], or not here.
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
            f"The local AWS does not deliver events to {service} (target {identity}); it does to "
            f"{', '.join(sorted((*OURS, *MOTOS)))}.",
        )


def _deliver(
    region: str, target: Mapping[str, Any], found: Mapping[str, Any], rule_arn: str
) -> None:
    content = events.target_input(target, found, rule_arn)
    arn = target["Arn"]
    if parse_arn(arn).service == "lambda":
        functions.invoke_event(region, arn, content)
        return
    stream = kinesis.backend(region).describe_stream(arn, None)
    key = events.partition_key(target, found)
    stream.put_record(key, "", base64.b64encode(content).decode())


def install() -> None:
    """Make moto's rules these; on its thread, before the first one is made."""
    models.Rule = Rule  # type: ignore[misc]
    take_over(models.events_backends, EventsBackend)
