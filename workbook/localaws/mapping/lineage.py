"""Which shards may be read: parents to their end before their children [design rule]."""

from collections.abc import Collection, Iterable

from workbook.localaws.doors import ShardInfo


def readable(shards: Iterable[ShardInfo], ended: Collection[str]) -> list[str]:
    """The shards to read now.

    Args:
        shards: all that the stream lists; an expired parent is no longer among them.
        ended: those read to their end.
    """
    listed = {shard.shard_id: shard for shard in shards}
    return [
        shard_id
        for shard_id, shard in listed.items()
        if shard_id not in ended
        and all(parent in ended or parent not in listed for parent in shard.parents)
    ]
