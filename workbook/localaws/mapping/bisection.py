"""BisectBatchOnFunctionError: a failed batch in two [DG:kinesis-on-failure-destination]."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def halves(batch: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Both halves of a batch of at least two, in order; the first is never the smaller."""
    middle = (len(batch) + 1) // 2
    return batch[:middle], batch[middle:]
