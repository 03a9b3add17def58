# %% blank
import hashlib


def shard_of(key):
    """0 or 1: the half of the hash keys in which the key's MD5 lies."""
    return hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] // 128


answer = ...  # records a second

# %% solution
import hashlib
from collections import Counter


def shard_of(key):
    return hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] // 128


records_on = Counter(shard_of(record["PartitionKey"]) for record in records)
share = max(records_on.values()) / len(records)
answer = 1000 / share
answer

# %% right: the whole hash key, and rounded
import hashlib

keys = [record["PartitionKey"].encode() for record in records]
places = [int(hashlib.md5(key, usedforsecurity=False).hexdigest(), 16) for key in keys]
lower = sum(place < 2**127 for place in places)
answer = round(1000 * len(keys) / max(lower, len(keys) - lower))

# %% right: pandas, as text
import hashlib

keys = pd.Series([record["PartitionKey"] for record in records])
halves = keys.map(lambda key: hashlib.md5(key.encode()).digest()[0] >= 128)
answer = f"{1000 / halves.value_counts(normalize=True).max():.1f}"

# %% right: seconds that the fuller shard takes
import hashlib

firsts = [hashlib.md5(record["PartitionKey"].encode()).digest()[0] for record in records]
on_0 = sum(first < 128 for first in firsts)
seconds = max(on_0, len(records) - on_0) / 1000
answer = len(records) / seconds

# %% wrong: even shares
answer = 2 * 1000

# %% wrong: the emptier shard
import hashlib

keys = [record["PartitionKey"].encode() for record in records]
lower = [hashlib.md5(key, usedforsecurity=False).digest()[0] < 128 for key in keys]
answer = 1000 / min(sum(lower) / len(lower), 1 - sum(lower) / len(lower))

# %% wrong: the share
import hashlib

keys = [record["PartitionKey"].encode() for record in records]
lower = [hashlib.md5(key, usedforsecurity=False).digest()[0] < 128 for key in keys]
answer = max(sum(lower) / len(lower), 1 - sum(lower) / len(lower))

# %% wrong: the share times a thousand
import hashlib

keys = [record["PartitionKey"].encode() for record in records]
lower = [hashlib.md5(key, usedforsecurity=False).digest()[0] < 128 for key in keys]
answer = 1000 * max(sum(lower) / len(lower), 1 - sum(lower) / len(lower))

# %% wrong: one shard
answer = 1000

# %% wrong: the records that are there
answer = len(records)
