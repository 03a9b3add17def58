"""Limit how many invocations run at once, by reserved concurrency or the account's limit."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from workbook.localaws.interfaces import InvokeThrottledError

ACCOUNT_LIMIT = 1000  # in each region [DG:gettingstarted-limits]
MIN_UNRESERVED = 100


class Concurrency:
    """Counts the invocations in progress."""

    def __init__(self) -> None:
        self._busy: dict[tuple[str, str], int] = defaultdict(int)
        self._unreserved: dict[str, int] = defaultdict(int)

    def of(self, region: str, name: str) -> int:
        """Return how many of a function's invocations are in progress."""
        return self._busy[region, name]

    def under_way(self) -> list[tuple[str, str]]:
        """Return the region and name of each function with an invocation in progress."""
        return [function for function, busy in self._busy.items() if busy]

    @contextmanager
    def slot(
        self, region: str, name: str, reserved: int | None, reserved_in_all: int
    ) -> Iterator[None]:
        """Hold one unit of concurrency for an invocation.

        Args:
            region: the function's region.
            name: the function's name; all its versions share its concurrency.
            reserved: the function's reserved concurrency, or None.
            reserved_in_all: the concurrency reserved by all functions of the region.

        Raises:
            InvokeThrottledError: no concurrency is left; the message is AWS's reason [OBS].
        """
        if reserved is not None:
            if self._busy[region, name] >= reserved:
                raise InvokeThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded")
        elif self._unreserved[region] >= ACCOUNT_LIMIT - reserved_in_all:
            raise InvokeThrottledError("ConcurrentInvocationLimitExceeded")
        self._busy[region, name] += 1
        self._unreserved[region] += reserved is None
        try:
            yield
        finally:
            self._busy[region, name] -= 1
            self._unreserved[region] -= reserved is None
