# %% blank
origins = year["origin"].unique()

answer = ...  # eight numbers: the flights on the first shard, the second, ...

# %% solution
origins = year["origin"].unique()
shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in origins}
flights_on = year["origin"].map(shard_of_8).value_counts()

answer = flights_on.reindex(range(8), fill_value=0)
answer

# %% right: a loop over the origins
answer = [0] * 8
for origin, flights_from in year["origin"].value_counts().items():
    answer[hash_key(origin) * 8 // 2**128] += flights_from

# %% right: bounds of the ranges, and an array
import numpy as np

bounds = [number * 2**125 for number in range(1, 8)]
shard_of_8 = {key: bisect_right(bounds, hash_key(key)) for key in year["origin"].unique()}
answer = np.bincount(year["origin"].map(shard_of_8), minlength=8)

# %% right: a dictionary in any order, and floats
eight = year["origin"].map(lambda key: hash_key(key) * 8 // 2**128).value_counts()
answer = eight.reindex([7, 6, 5, 4, 3, 2, 1, 0]).fillna(0.0).to_dict()

# %% wrong: leaves out the empty shards
shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in year["origin"].unique()}
answer = year["origin"].map(shard_of_8).value_counts()

# %% wrong: leaves the empty shards without a number
shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in year["origin"].unique()}
answer = year["origin"].map(shard_of_8).value_counts().reindex(range(8))

# %% wrong: takes the remainder instead of the range
shard_of_8 = {key: hash_key(key) % 8 for key in year["origin"].unique()}
answer = year["origin"].map(shard_of_8).value_counts().reindex(range(8), fill_value=0)

# %% wrong: sorts by size
shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in year["origin"].unique()}
eight = year["origin"].map(shard_of_8).value_counts().reindex(range(8), fill_value=0)
answer = sorted(eight, reverse=True)

# %% wrong: even shares
answer = [len(year) // 8] * 8

# %% wrong: counts origins instead of flights
shard_of_8 = pd.Series([hash_key(key) * 8 // 2**128 for key in year["origin"].unique()])
answer = shard_of_8.value_counts().reindex(range(8), fill_value=0)

# %% wrong: four shards, and four empty ones
shard_of_4 = {key: hash_key(key) * 4 // 2**128 for key in year["origin"].unique()}
answer = year["origin"].map(shard_of_4).value_counts().reindex(range(8), fill_value=0)
