"""What an experiment is: a workload, and all the settings that it runs under."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self

from workbook import deployment
from workbook.laboratory.workload import Workload

REPORTS = "ReportBatchItemFailures"
MAPPING_SETTINGS = {*deployment.MAPPING, "ParallelizationFactor"}  # that experiments may vary


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A workload and all the settings that it runs under.

    Args:
        workload: what is sent.
        shards: of the input stream; the output stream has as many.
        mapping: settings of the mapping, in AWS's names, that differ from ``deployment.MAPPING``
            with a queue for failures (``deployment.on_failure``). Filters and tumbling windows are
            not for experiments: what a filter drops leaves no trace to account for, and the handler
            keeps no state.
        batch_millis: time that the function spends on each batch, as for a call elsewhere; like all
            times here, by AWS's clock, which runs faster in time-lapse.
        record_millis: the same for each record.
        bad_records: what follows a record that cannot be processed: the handler's ``report``, or
            ``raise``, which fails the batch.
        memory: of the function, in MB.
        timeout: of the function, in seconds; they are real ones, in time-lapse too.
        concurrency: reserved for the function; None is no limit of its own.
        patience: seconds (of AWS's clock) that the pipeline has after the last record was sent;
            what is not done by then is ``pending``.

    Raises:
        ValueError: a value is out of range, or the mapping has no such setting; it is named.
    """

    workload: Workload = field(default_factory=Workload)
    shards: int = 1
    mapping: Mapping[str, Any] = field(default_factory=dict)
    batch_millis: float = 0.0
    record_millis: float = 0.0
    bad_records: Literal["report", "raise"] = "report"
    memory: int = 256
    timeout: int = 60
    concurrency: int | None = None
    patience: float = 60.0

    def __post_init__(self) -> None:
        for name, is_good, wanted in (
            ("shards", self.shards >= 1, "1 or more"),
            ("batch_millis", 0 <= self.batch_millis < math.inf, "0 or more"),
            ("record_millis", 0 <= self.record_millis < math.inf, "0 or more"),
            ("bad_records", self.bad_records in ("report", "raise"), "'report' or 'raise'"),
            ("patience", 0 < self.patience < math.inf, "above 0"),
        ):
            if not is_good:
                raise ValueError(f"{name} must be {wanted}, not {getattr(self, name)!r}")
        unknown = ", ".join(sorted(self.mapping.keys() - MAPPING_SETTINGS))
        if unknown:
            known = ", ".join(sorted(MAPPING_SETTINGS))
            raise ValueError(f"mapping must not have {unknown}; an experiment may set {known}")

    def vary(self, **settings: Any) -> Self:
        """The same with other values.

        Args:
            settings: by the name of a field here (``shards``), of the workload (``rate``), or of
                a mapping's setting as AWS writes it (``BatchSize``).

        Raises:
            ValueError: no setting has such a name.
        """
        ours = {each.name for each in fields(self)} - {"workload", "mapping"}
        sent = {each.name for each in fields(self.workload)}
        unknown = [n for n in settings if n not in ours | sent and n not in MAPPING_SETTINGS]
        if unknown:
            known = ", ".join(sorted(ours) + sorted(sent) + sorted(MAPPING_SETTINGS))
            raise ValueError(f"there is no setting {', '.join(unknown)}; there are {known}")
        return replace(
            self,
            workload=replace(self.workload, **{n: v for n, v in settings.items() if n in sent}),
            mapping={**self.mapping, **{n: v for n, v in settings.items() if n[0].isupper()}},
            **{n: v for n, v in settings.items() if n in ours},
        )

    @property
    def mapping_settings(self) -> dict[str, Any]:
        """All settings of the mapping that decide a run, defaults included."""
        retries = {"MaximumRetryAttempts": deployment.RETRIES}
        return {**deployment.MAPPING, **retries, **self.mapping}

    @property
    def reports_failures(self) -> bool:
        """Whether the mapping heeds what the handler reports."""
        return REPORTS in self.mapping_settings["FunctionResponseTypes"]

    def as_dict(self) -> dict[str, Any]:
        """Return all settings as JSON has them.

        The mapping is there with its defaults, the workload with the name of its class. An infinite
        rate is the text ``Infinity``: JSON has no such number.
        """
        workload = {"class": type(self.workload).__qualname__, **asdict(self.workload)}
        return {
            **asdict(self),
            "workload": {n: "Infinity" if v == math.inf else v for n, v in workload.items()},
            "mapping": self.mapping_settings,
        }
