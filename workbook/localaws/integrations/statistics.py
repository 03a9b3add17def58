"""CloudWatch's statistics for the data points of a period [BC, D23].

Sums and extremes use all points; percentiles use only points whose individual values are known.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NAMES = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")


@dataclass(frozen=True, slots=True)
class Samples:
    """Data points that were put together.

    Args:
        count: the number of values.
        total: the sum of the values.
        least: the smallest value.
        most: the largest value.
        values: how often each value occurs; None if only the sums are known.
    """

    count: float
    total: float
    least: float
    most: float
    values: Mapping[float, float] | None = None

    @classmethod
    def of(cls, value: float) -> "Samples":
        """Return a single data point."""
        return cls(1, value, value, value, {value: 1})


def is_supported(name: str) -> bool:
    """Return whether a statistic is supported: the five basic ones, and percentiles."""
    return name in NAMES or PERCENTILE.fullmatch(name) is not None


def statistic(name: str, samples: Sequence[Samples]) -> float | None:
    """Return a statistic of a period; None if it cannot be computed.

    Args:
        name: a supported statistic: ``Sum``, ``p99.9``, ...
        samples: the period's data points; without any, there is no statistic.
    """
    count = sum(one.count for one in samples)
    if not count:
        return None
    match name:
        case "SampleCount":
            return count
        case "Sum":
            return sum(one.total for one in samples)
        case "Average":
            return sum(one.total for one in samples) / count
        case "Minimum":
            return min(one.least for one in samples)
        case "Maximum":
            return max(one.most for one in samples)
    return _percentile(float(name[1:]), samples)


def _percentile(rank: float, samples: Iterable[Samples]) -> float | None:
    """Return a percentile, interpolated linearly between two neighbouring values.

    There is none if values are unknown (unless all are the same) or negative [D23]. How AWS
    interpolates is not known [?].
    """
    counts = Counter[float]()
    for one in samples:
        if one.least < 0:
            return None
        if one.values is not None:
            counts.update(one.values)
        elif one.least == one.most:
            counts[one.least] += one.count  # type: ignore[assignment]
        else:
            return None
    place = rank / 100 * (counts.total() - 1)
    passed, before = 0.0, None
    for value in sorted(counts):
        if place <= passed:  # between the previous value and this one
            share = 1 - (passed - place)
            return value if before is None else before + share * (value - before)
        passed += counts[value]
        if place <= passed - 1:
            return value
        before = value
    return before
