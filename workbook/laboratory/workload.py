"""The records of an experiment: flights at a rate or all at once, some of them poison.

The same seed gives the same flights, keys, times and poison.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from workbook import flights, producer
from workbook.laboratory.limits import is_number, is_rate, is_whole

CONSTANT = "constant"  # the key that puts all records on one shard
HOT_KEY = "hot"
POISON = {"dep_delay": "unknown"}  # makes the handler refuse a record: the delay is not a number


class Departure(NamedTuple):
    """A record to be sent.

    Args:
        number: its position in the workload, from 0; ``n`` in the payload.
        due: when to send it, in seconds after the first.
        partition_key: its partition key.
        event: the payload: a flight without the time of sending, or bytes to send unchanged.
    """

    number: int
    due: float
    partition_key: str
    event: Any

    @property
    def is_poison(self) -> bool:
        """Return whether the handler fails to process it."""
        if isinstance(self.event, bytes):
            return False
        return bool(self.event["dep_delay"] == POISON["dep_delay"])


def gap(chance: random.Random, rate: float, spacing: str) -> float:
    """Return the seconds until the next record of a workload is due; 0 for a burst."""
    if not math.isfinite(rate):
        return 0.0
    return chance.expovariate(rate) if spacing == "random" else 1 / rate


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Flights as a producer sends them.

    Args:
        records: the number of flights.
        rate: records a second; infinite for a burst, all at once.
        spacing: ``even``, or ``random`` for independent arrivals (a Poisson process).
        key: the column of the flights with the partition key, or ``constant``.
        hot_share: the share of records, 0 to 1, with the same key, ``hot``.
        poison_every: how many records there are for each that is poison, at a random position; 0
            for none.
        seed: the seed of all random choices.

    Raises:
        ValueError: a value is out of range; the message names the field.
    """

    records: int = 500
    rate: float = 250.0
    spacing: Literal["even", "random"] = "even"
    key: str = "tailnum"
    hot_share: float = 0.0
    poison_every: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        keys = [*flights.columns(), CONSTANT]
        for field, is_good, wanted in (
            ("records", is_whole(self.records, 1, flights.count()), f"1 to {flights.count():,}"),
            ("rate", is_rate(self.rate), "above 0 (infinite for a burst)"),
            ("spacing", self.spacing in ("even", "random"), "'even' or 'random'"),
            ("key", self.key in keys, f"one of {', '.join(keys)}"),
            ("hot_share", is_number(self.hot_share, 0, 1), "0 to 1"),
            ("poison_every", is_whole(self.poison_every, 0), "0 or more"),
            ("seed", is_whole(self.seed, 0), "a whole number, 0 or more"),
        ):
            if not is_good:
                raise ValueError(f"{field} must be {wanted}, not {getattr(self, field)!r}")

    @property
    def seconds(self) -> float:
        """Return the least time that sending takes; 0 for a burst."""
        return self.records / self.rate

    def departures(self) -> Iterator[Departure]:
        """Yield every record in the order of sending."""
        chance = random.Random(self.seed)
        year = flights.load()
        start = chance.randrange(len(year) - self.records + 1)
        poison = set(self._poison(chance))
        due = 0.0
        for number, event in enumerate(flights.events(year.iloc[start : start + self.records])):
            key = HOT_KEY if chance.random() < self.hot_share else self._key(event)
            changes = POISON if number in poison else {}
            yield Departure(number, due, key, {"n": number, **event, **changes})
            due += gap(chance, self.rate, self.spacing)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values, with the name of the class.

        ``put_units`` is the number of 25 KB units, counted record by record, that AWS bills; a
        flight is one.
        """
        return {"class": type(self).__qualname__, **asdict(self), "put_units": self.records}

    def _poison(self, chance: random.Random) -> Iterator[int]:
        """Yield the places of poison: one among every ``poison_every`` records."""
        if self.poison_every:
            for start in range(0, self.records - self.poison_every + 1, self.poison_every):
                yield start + chance.randrange(self.poison_every)

    def _key(self, event: flights.Event) -> str:
        return CONSTANT if self.key == CONSTANT else producer.partition_key(event, self.key)
