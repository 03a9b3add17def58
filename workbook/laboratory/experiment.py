"""The definition of an experiment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self

from workbook import deployment
from workbook.laboratory import limits
from workbook.laboratory.limits import is_number, is_rate, is_whole
from workbook.laboratory.own import Function, Records
from workbook.laboratory.workload import Workload

CHANCES = ("transient", "crash", "hang", "slow")  # each a share of the invocations


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A workload and all settings of the pipeline that processes it.

    Args:
        workload: the records to send: flights, or your own ``Records``.
        function: your own ``Function`` to process them; None for handler.py, which accepts flights
            only.
        shards: the number of shards of the input stream, and of the output stream.
        mapping: settings of the mapping, under AWS's names, that override ``deployment.MAPPING``
            with a queue for failures (``deployment.on_failure``). Filters and tumbling windows
            cannot be set: a filter drops records without a trace, and the handler keeps no state.
        batch_millis: the time that the function spends on each batch, as on a call to another
            service. It is measured by AWS's clock, like all times here, which runs faster in
            time-lapse.
        record_millis: the same for each record.
        bad_records: how the function treats a record that cannot be processed: ``report``, as the
            handler does, or ``raise``, which fails the batch.
        transient: the share of invocations, 0 to 1, that fail at random before they do anything.
        crash: the share of invocations whose process ends after the work, before it responds.
        hang: the share of invocations that exceed the timeout.
        slow: the share of invocations that take ``slow_millis`` longer.
        slow_millis: how much longer these invocations take.
        downstream: how many records a second the service that the function calls accepts, from all
            execution environments together. After a batch, the service is busy for the time that
            this rate allows for its records; a batch that arrives meanwhile fails. An item of a
            DynamoDB table stands for the service, on AWS too: asking it takes some milliseconds.
            None for no limit.
        memory: the function's memory, in MB.
        timeout: the function's timeout, in real seconds, in time-lapse too.
        concurrency: the concurrency reserved for the function; None reserves none.
        patience: how many seconds the pipeline may take after the last record was sent. Records
            that are not done by then are ``pending``.

    Raises:
        ValueError: a value is out of range, or a setting is unknown; the message names it.
    """

    workload: Workload | Records = field(default_factory=Workload)
    function: Function | None = None
    shards: int = 1
    mapping: Mapping[str, Any] = field(default_factory=dict)
    batch_millis: float = 0.0
    record_millis: float = 0.0
    bad_records: Literal["report", "raise"] = "report"
    transient: float = 0.0
    crash: float = 0.0
    hang: float = 0.0
    slow: float = 0.0
    slow_millis: float = 1_000.0
    downstream: float | None = None
    memory: int = 256
    timeout: int = 60
    concurrency: int | None = None
    patience: float = 60.0

    def __post_init__(self) -> None:
        for name, is_good, wanted in (
            ("workload", isinstance(self.workload, Workload | Records), "a Workload or Records"),
            ("function", isinstance(self.function, Function | None), "a Function, or None"),
            ("mapping", isinstance(self.mapping, Mapping), "settings by name, as in a dict"),
            ("shards", is_whole(self.shards, 1), "a whole number, 1 or more"),
            ("batch_millis", is_number(self.batch_millis, 0), "0 or more"),
            ("record_millis", is_number(self.record_millis, 0), "0 or more"),
            *((name, is_number(getattr(self, name), 0, 1), "0 to 1") for name in CHANCES),
            ("slow_millis", is_number(self.slow_millis, 0), "0 or more"),
            ("downstream", self._has_good_downstream, "above 0, or None"),
            ("bad_records", self.bad_records in ("report", "raise"), "'report' or 'raise'"),
            ("memory", is_whole(self.memory, 128, 10_240), "a whole number, 128 to 10,240"),
            ("timeout", is_whole(self.timeout, 1, 900), "a whole number, 1 to 900"),
            (
                "concurrency",
                self.concurrency is None or is_whole(self.concurrency, 0),
                "a whole number, 0 or more, or None",
            ),
            ("patience", is_rate(self.patience) and self.patience < math.inf, "above 0"),
        ):
            if not is_good:
                raise ValueError(f"{name} must be {wanted}, not {getattr(self, name)!r}")
        if self.function is None and isinstance(self.workload, Records):
            raise ValueError("function must be your own Function: handler.py accepts flights only")
        limits.check_mapping(self.mapping)

    @property
    def _has_good_downstream(self) -> bool:
        return self.downstream is None or (is_rate(self.downstream) and self.downstream < math.inf)

    def vary(self, **settings: Any) -> Self:
        """Return a copy with other values.

        Args:
            settings: values by the name of a field of the experiment (``shards``), of the workload
                (``rate``), or of a setting of the mapping (``BatchSize``).

        Raises:
            ValueError: a name is unknown, or a value is out of range.
        """
        ours = {each.name for each in fields(self)} - {"workload", "mapping"}
        sent = {each.name for each in fields(self.workload) if each.init}
        unknown = [n for n in settings if n not in ours | sent and n not in limits.MAPPING]
        if unknown:
            known = ", ".join(sorted(ours) + sorted(sent) + sorted(limits.MAPPING))
            raise ValueError(f"unknown setting {', '.join(unknown)}; the settings are {known}")
        return replace(
            self,
            workload=replace(self.workload, **{n: v for n, v in settings.items() if n in sent}),
            mapping={**self.mapping, **{n: v for n, v in settings.items() if n[0].isupper()}},
            **{n: v for n, v in settings.items() if n in ours},
        )

    @property
    def mapping_settings(self) -> dict[str, Any]:
        """Return all settings of the mapping, defaults included."""
        retries = {"MaximumRetryAttempts": deployment.RETRIES}
        return {**deployment.MAPPING, **retries, **self.mapping}

    @property
    def reports_failures(self) -> bool:
        """Return whether the mapping respects partial batch responses."""
        return limits.REPORTS in self.mapping_settings["FunctionResponseTypes"]

    def as_dict(self) -> dict[str, Any]:
        """Return all settings as JSON-ready values.

        The mapping includes its defaults, and the workload the name of its class. An infinite rate
        is the string ``Infinity``, because JSON has no such number.
        """
        workload = self.workload.as_dict()
        return {
            **{each.name: getattr(self, each.name) for each in fields(self)},
            "workload": {n: "Infinity" if v == math.inf else v for n, v in workload.items()},
            "function": None if self.function is None else self.function.as_dict(),
            "mapping": self.mapping_settings,
        }
