"""A shard's throughput limits as token arithmetic [KD:service-sizes-and-limits]."""

from dataclasses import dataclass, field

MIB = 1 << 20
WRITE_BYTES_PER_SECOND = MIB
WRITE_RECORDS_PER_SECOND = 1000
READ_BYTES_PER_SECOND = 2 * MIB
READS_PER_SECOND = 5
ITERATORS_PER_SECOND = 5
FULL_ANSWER_BYTES = 9 * MIB  # an answer above this could have taken the next record past 10 MB
FULL_ANSWER_SECONDS = 5.0  # how long reads are refused after such an answer


@dataclass(slots=True)
class Bucket:
    """A token bucket that refills at a steady rate and holds one second's worth.

    Args:
        rate: tokens per second.
    """

    rate: float
    _tokens: float = field(init=False)
    _counted: float = float("-inf")

    def __post_init__(self) -> None:
        self._tokens = self.rate

    def has(self, amount: float, now: float) -> bool:
        """Return True if ``amount`` can be taken.

        A full bucket allows more than a second's worth to be taken. This burst lets a
        shard accept a record larger than 1 MiB, and leaves a debt to repay.
        """
        if now > self._counted:
            self._tokens = min(self.rate, self._tokens + (now - self._counted) * self.rate)
            self._counted = now
        return self._tokens >= min(amount, self.rate)

    def take(self, amount: float) -> None:
        """Take ``amount``, going into debt if necessary."""
        self._tokens -= amount


@dataclass(slots=True)
class WriteLimit:
    """The limit on writes: 1 MiB and 1,000 records a second."""

    _bytes: Bucket = field(default_factory=lambda: Bucket(WRITE_BYTES_PER_SECOND))
    _records: Bucket = field(default_factory=lambda: Bucket(WRITE_RECORDS_PER_SECOND))

    def admit(self, size: int, now: float) -> bool:
        """Admit a record of ``size`` bytes (data and key); return False to throttle it."""
        if not (self._bytes.has(size, now) and self._records.has(1, now)):
            return False
        self._bytes.take(size)
        self._records.take(1)
        return True


@dataclass(slots=True)
class ReadLimit:
    """The limit on reads: 2 MiB and, where reads are shared, 5 calls a second.

    Args:
        calls_per_second: 5 for the shard's shared readers; a consumer with dedicated throughput
            has no limit on calls.
    """

    calls_per_second: float = READS_PER_SECOND
    _bytes: Bucket = field(default_factory=lambda: Bucket(READ_BYTES_PER_SECOND))
    _calls: Bucket = field(init=False)
    _refused_until: float = float("-inf")

    def __post_init__(self) -> None:
        self._calls = Bucket(self.calls_per_second)

    def admit(self, now: float) -> bool:
        """Admit a read; return False to throttle it.

        Its size is known only afterwards: pass it to ``record``.
        """
        if now < self._refused_until or not self._bytes.has(1, now):
            return False
        if not self._calls.has(1, now):
            return False
        self._calls.take(1)
        return True

    def record(self, size: int, now: float) -> None:
        """Count an answer of ``size`` bytes."""
        self._bytes.take(size)
        if size >= FULL_ANSWER_BYTES:
            self._refused_until = now + FULL_ANSWER_SECONDS
