"""Resharding: split a shard, merge two shards, or scale a stream to a number of shards.

Records stay where they are.  The parent closes; its children open and take the new records.
"""

from bisect import bisect_right

from workbook.localaws.kinesis.hashkeys import SPACE, even_ranges
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream

NEAR = 10  # bits: boundaries closer than a shard's width / 2^10 count as the same


def split(stream: Stream, shard: Shard, at: int, now: float) -> tuple[Shard, Shard]:
    """Close ``shard`` and open two children, the second of which begins at hash key ``at``."""
    low = _child(stream, (shard,), shard.first_hash, at - 1, now)
    high = _child(stream, (shard,), at, shard.last_hash, now)
    _replace(stream, (shard,), (low, high), now)
    return low, high


def merge(stream: Stream, shard: Shard, adjacent: Shard, now: float) -> Shard:
    """Close two adjacent shards and open one child for both ranges."""
    first = min(shard.first_hash, adjacent.first_hash)
    last = max(shard.last_hash, adjacent.last_hash)
    child = _child(stream, (shard, adjacent), first, last, now)
    _replace(stream, (shard, adjacent), (child,), now)
    return child


def scale(stream: Stream, target: int, now: float) -> None:
    """Bring a stream to ``target`` open shards of even ranges (uniform scaling).

    First split wherever an even range begins, then merge across every other boundary.
    This creates some short-lived shards, as AWS does.
    """
    tolerance = (SPACE // max(target, len(stream.open_shards))) >> NEAR
    existing = [shard.first_hash for shard in stream.open_shards]
    wanted = [_nearest(first, existing, tolerance) for first, _ in even_ranges(target)]
    for first in wanted:
        shard = stream.shard_for(first)
        if shard.first_hash != first:
            split(stream, shard, first, now)
    starts = set(wanted)
    for place in range(len(wanted)):
        shard = stream.open_shards[place]
        while (following := stream.open_shards[place + 1 : place + 2]) and (
            following[0].first_hash not in starts
        ):
            shard = merge(stream, shard, following[0], now)


def _nearest(wanted: int, existing: list[int], tolerance: int) -> int:
    """Return an existing boundary close to ``wanted``, or else ``wanted``."""
    place = bisect_right(existing, wanted)
    for boundary in existing[max(0, place - 1) : place + 1]:
        if abs(boundary - wanted) <= tolerance:
            return boundary
    return wanted


def _child(
    stream: Stream, parents: tuple[Shard, ...], first_hash: int, last_hash: int, now: float
) -> Shard:
    created = max(int(now), *(parent.created + 1 for parent in parents))
    ids = tuple(parent.id for parent in parents)
    child = Shard(stream.next_index, first_hash, last_hash, created, now, ids)
    stream.next_index += 1
    return child


def _replace(
    stream: Stream, parents: tuple[Shard, ...], children: tuple[Shard, ...], now: float
) -> None:
    for child in children:
        stream.shards[child.id] = child
    for parent in parents:
        parent.closed_at = now
        parent.children = tuple(child.id for child in children)
    stream.reroute()
