"""The statistics of CloudWatch for the data points of a period [BC, D23].

Sums and extremes are for all points, percentiles only for those whose single values are known.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NAMES = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")


@dataclass(frozen=True, slots=True)
class Samples:
    """Data points that came together.

    Args:
        count: how many.
        total: their sum.
        least: the smallest.
        most: the largest.
        values: how often each value came; None if only the sums are known.
    """

    count: float
    total: float
    least: float
    most: float
    values: Mapping[float, float] | None = None

    @classmethod
    def of(cls, value: float) -> "Samples":
        """Return one data point."""
        return cls(1, value, value, value, {value: 1})


def is_supported(name: str) -> bool:
    """Return whether a statistic is supported: the five simple ones, and percentiles."""
    return name in NAMES or PERCENTILE.fullmatch(name) is not None


def statistic(name: str, samples: Sequence[Samples]) -> float | None:
    """Return a statistic of a period; None if it cannot be told.

    Args:
        name: ``Sum``, ``p99.9``, ...; one that is supported.
        samples: of the period; none give no statistic.
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
    """Return a percentile, between two neighbouring values in proportion.

    There is none where values are unknown, unless all are one, or negative [D23].  How AWS
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
        if place <= passed:  # between the last value before, and the first of these
            share = 1 - (passed - place)
            return value if before is None else before + share * (value - before)
        passed += counts[value]
        if place <= passed - 1:
            return value
        before = value
    return before
