"""Your own function and records for an experiment, instead of handler.py and flights."""

import hashlib
import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from workbook import code, records
from workbook.errors import UsageError
from workbook.laboratory import limits
from workbook.laboratory.workload import Departure, gap

PUT_UNIT_BYTES = 25_000  # the unit in which a record is billed
TAKEN = ("OUTPUT_STREAM", "WORKBOOK_PROBE")  # variables that the experiment sets


@dataclass(frozen=True)
class Function:
    """Your own function.

    It may read its batches, write its log, and put records into the stream that the environment
    variable ``OUTPUT_STREAM`` names. It may do nothing else in AWS.

    Args:
        path: a Python file, a folder or a zip.
        handler: the name of the function in it, or ``module.function``; optional if only one
            function fits.
        environment: its environment variables.
        requirements: a requirements file of packages to install beside it, for Lambda's platform.

    Raises:
        UsageError: the file or function does not exist, or a variable cannot be set; the message
            names it.
    """

    path: Path | str
    _: KW_ONLY
    handler: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: Path | str | None = None
    package: code.Code = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        limits.check_variables(self.environment, TAKEN)
        if not isinstance(self.requirements, str | Path | None):
            raise UsageError(
                f"requirements must be a file of requirements, not {self.requirements!r}"
            )
        place = f"{self.path}:{self.handler}" if self.handler else str(self.path)
        requirements = None if self.requirements is None else Path(self.requirements)
        object.__setattr__(self, "package", code.read(place, requirements))

    def as_dict(self) -> dict[str, Any]:
        """Return what determines the function's work, as JSON-ready values."""
        content = hashlib.sha256()
        for path, file in sorted(self.package.files.items()):
            content.update(f"\n{path}\n".encode() + file)
        return {
            "handler": self.package.handler,
            "runtime": code.runtime(),
            "environment": dict(self.environment),
            "sha256": content.hexdigest(),
        }


@dataclass(frozen=True)
class Records:
    """Your own records, which a producer sends unchanged.

    Args:
        frame: a DataFrame; a file of JSON lines, a JSON array, CSV or Parquet, a recorded Lambda
            event or the output of ``workbook capture``; or an iterable of dictionaries.
        key: the column with the partition key. If left out, each record has its own key, or the one
            with which it was captured.
        rate: records a second; infinite for a burst, all at once.
        spacing: ``even``, or ``random`` for independent arrivals (a Poisson process).
        seed: the seed of random arrivals.

    Raises:
        ValueError: a value is out of range, or a record lacks the key; the message names the field.
    """

    frame: Any = field(repr=False, compare=False)
    _: KW_ONLY
    key: str | None = None
    rate: float = 250.0
    spacing: Literal["even", "random"] = "even"
    seed: int = 1
    content: tuple[records.Record, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not limits.is_rate(self.rate):
            raise ValueError(f"rate must be above 0 (infinite for a burst), not {self.rate!r}")
        if self.spacing not in ("even", "random"):
            raise ValueError(f"spacing must be 'even' or 'random', not {self.spacing!r}")
        if not limits.is_whole(self.seed, 0):
            raise ValueError(f"seed must be a whole number, 0 or more, not {self.seed!r}")
        if isinstance(self.frame, Iterator):  # it can be read only once, and the key may be varied
            object.__setattr__(self, "frame", list(self.frame))
        content = tuple(_content(self.frame, self.key))
        records.check_sizes(content, "frame")
        object.__setattr__(self, "content", content)

    @property
    def records(self) -> int:
        """Return the number of records."""
        return len(self.content)

    @property
    def seconds(self) -> float:
        """Return the least time that sending takes; 0 for a burst."""
        return self.records / self.rate

    def departures(self) -> Iterator[Departure]:
        """Yield every record in the order of sending."""
        chance = random.Random(self.seed)
        due = 0.0
        for number, record in enumerate(self.content):
            yield Departure(number, due, record.key, record.data)
            due += gap(chance, self.rate, self.spacing)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values; see ``Workload.as_dict``."""
        return {
            "class": type(self).__qualname__,
            "records": self.records,
            "key": self.key,
            "rate": self.rate,
            "spacing": self.spacing,
            "seed": self.seed,
            "put_units": sum(math.ceil(len(one.data) / PUT_UNIT_BYTES) for one in self.content),
        }


def _content(frame: Any, key: str | None) -> list[records.Record]:
    names = records.Names("frame", "key")
    if isinstance(frame, str | Path):
        return records.read(Path(frame), key, names)
    if isinstance(frame, pd.DataFrame):
        return records.of_frame(frame, key, names)
    if isinstance(frame, Iterable) and not isinstance(frame, Mapping | bytes):
        return records.of_values(list(frame), key, names)
    raise UsageError(
        f"frame must be a DataFrame, a file or dictionaries, not {type(frame).__name__}"
    )
