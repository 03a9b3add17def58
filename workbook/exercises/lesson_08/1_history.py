# %% blank
def history(key, shards):
    """Ids of the shards that a key's records may be in, the oldest first."""
    return ...  # try it with history("ATL", lineage)


# %% solution
def history(key, shards):
    """Ids of the shards that a key's records may be in, the oldest first."""
    found = {}
    for shard in shards:
        ends = shard["HashKeyRange"]
        low, high = int(ends["StartingHashKey"]), int(ends["EndingHashKey"])
        if low <= hash_key(key) <= high:
            started = shard["SequenceNumberRange"]["StartingSequenceNumber"]
            found[int(started)] = shard["ShardId"]
    return [found[started] for started in sorted(found)]


# %% right: from parent to child
def history(key, shards):
    def holds(shard):
        low, high = map(int, shard["HashKeyRange"].values())
        return min(low, high) <= hash_key(key) <= max(low, high)

    line = [shard for shard in shards if holds(shard)]
    by_parent = {shard.get("ParentShardId"): shard["ShardId"] for shard in line}
    found, last = [], None
    while last in by_parent:
        last = by_parent[last]
        found.append(last)
    return tuple(found)


# %% right: sorts the list that it is given
def history(key, shards):
    start = "StartingSequenceNumber"
    shards.sort(key=lambda shard: int(shard["SequenceNumberRange"][start]))
    for shard in shards:
        ends = shard["HashKeyRange"]
        if int(ends["StartingHashKey"]) <= hash_key(key) <= int(ends["EndingHashKey"]):
            yield shard["ShardId"]


# %% right: pandas
def history(key, shards):
    table = pd.json_normalize(shards).map(lambda x: int(x) if str(x).isdigit() else x)
    hash_ = hash_key(key)
    table = table[[low <= hash_ for low in table["HashKeyRange.StartingHashKey"]]]
    table = table[[high >= hash_ for high in table["HashKeyRange.EndingHashKey"]]]
    return table.sort_values("SequenceNumberRange.StartingSequenceNumber")["ShardId"]


# %% wrong: the open shard only
def history(key, shards):
    now = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    now.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
    return [shard_of(key, now)]


# %% wrong: compares the ends of ranges as text
def history(key, shards):
    low, high = "StartingHashKey", "EndingHashKey"
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    place = str(hash_key(key))
    return [name for name, r in ranges.items() if r[low] <= place <= r[high]]


# %% wrong: in the order of the list
def history(key, shards):
    low, high = "StartingHashKey", "EndingHashKey"
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    place = hash_key(key)
    return [name for name, r in ranges.items() if int(r[low]) <= place <= int(r[high])]


# %% wrong: the upper end only
def history(key, shards):
    place = hash_key(key)
    ends = {s["ShardId"]: int(s["HashKeyRange"]["EndingHashKey"]) for s in shards}
    return [name for name, end in ends.items() if place <= end]


# %% wrong: a set
def history(key, shards):
    low, high = "StartingHashKey", "EndingHashKey"
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    place = hash_key(key)
    return {name for name, r in ranges.items() if int(r[low]) <= place <= int(r[high])}


# %% wrong: the newest first
def history(key, shards):
    start, low, high = "StartingSequenceNumber", "StartingHashKey", "EndingHashKey"
    shards.sort(key=lambda shard: -int(shard["SequenceNumberRange"][start]))
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    place = hash_key(key)
    return [name for name, r in ranges.items() if int(r[low]) <= place <= int(r[high])]


# %% wrong: shards instead of ids
def history(key, shards):
    low, high = "StartingHashKey", "EndingHashKey"
    place = hash_key(key)
    ranges = [(shard, shard["HashKeyRange"]) for shard in shards]
    return [shard for shard, r in ranges if int(r[low]) <= place <= int(r[high])]


# %% wrong: one side of a range is left out
def history(key, shards):
    low, high = "StartingHashKey", "EndingHashKey"
    shards.sort(key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]))
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    place = hash_key(key)
    return [name for name, r in ranges.items() if int(r[low]) <= place < int(r[high])]
