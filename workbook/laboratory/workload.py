"""What an experiment sends, and when: flights at a rate or at once, some of them poison.

A workload is the same under the same seed: the same flights, keys, moments and poison.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from workbook import flights, producer

CONSTANT = "constant"  # the key under which all records go to one shard
HOT_KEY = "hot"
POISON = {"dep_delay": "unknown"}  # what the handler refuses: a delay that is no number


class Departure(NamedTuple):
    """A record to be sent.

    Args:
        number: its place in the workload, from 0; the payload has it as ``n``.
        due: when it is sent, in seconds since the first.
        partition_key: where it goes.
        event: the payload, without the moment of sending.
    """

    number: int
    due: float
    partition_key: str
    event: dict[str, Any]

    @property
    def is_poison(self) -> bool:
        """Whether the handler can never process it."""
        return bool(self.event["dep_delay"] == POISON["dep_delay"])


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Flights, as a producer sends them.

    Args:
        records: how many flights.
        rate: records a second; infinite is a burst, all at once.
        spacing: ``even``, or ``random`` as independent arrivals are (a Poisson process).
        key: the flights' column whose value is the partition key, or ``constant``.
        hot_share: the share of records, 0 to 1, whose key is one and the same, ``hot``.
        poison_every: of so many records one is poison, at a random place; 0 is none.
        seed: of all that is random.

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
            ("records", 1 <= self.records <= flights.count(), f"1 to {flights.count():,}"),
            ("rate", self.rate > 0, "above 0 (infinite for a burst)"),
            ("spacing", self.spacing in ("even", "random"), "'even' or 'random'"),
            ("key", self.key in keys, f"one of {', '.join(keys)}"),
            ("hot_share", 0 <= self.hot_share <= 1, "0 to 1"),
            ("poison_every", self.poison_every >= 0, "0 or more"),
        ):
            if not is_good:
                raise ValueError(f"{field} must be {wanted}, not {getattr(self, field)!r}")

    @property
    def seconds(self) -> float:
        """How long sending takes, at the least; 0 for a burst."""
        return self.records / self.rate

    def departures(self) -> Iterator[Departure]:
        """Every record, in the order of sending."""
        chance = random.Random(self.seed)
        year = flights.load()
        start = chance.randrange(len(year) - self.records + 1)
        poison = set(self._poison(chance))
        due = 0.0
        for number, event in enumerate(flights.events(year.iloc[start : start + self.records])):
            key = HOT_KEY if chance.random() < self.hot_share else self._key(event)
            changes = POISON if number in poison else {}
            yield Departure(number, due, key, {"n": number, **event, **changes})
            if math.isfinite(self.rate):
                random_gap = self.spacing == "random"
                due += chance.expovariate(self.rate) if random_gap else 1 / self.rate

    def _poison(self, chance: random.Random) -> Iterator[int]:
        """The places of poison: one in each full run of ``poison_every`` records."""
        if self.poison_every:
            for start in range(0, self.records - self.poison_every + 1, self.poison_every):
                yield start + chance.randrange(self.poison_every)

    def _key(self, event: flights.Event) -> str:
        return CONSTANT if self.key == CONSTANT else producer.partition_key(event, self.key)
