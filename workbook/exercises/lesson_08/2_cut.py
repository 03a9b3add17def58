# %% blank
loads = year["dest"].value_counts()  # flights of each destination

answer = ...

# %% solution
loads = year["dest"].value_counts()  # flights of each destination
loads.index = [hash_key(dest) for dest in loads.index]
left = loads.sort_index().cumsum() / len(year)
last = (left - 0.5).abs().argmin()

answer = left.index[last + 1]

# %% right: right behind the last of the left child, as text
flights_to = year["dest"].value_counts().to_dict()
total, best = 0, {}
for dest in sorted(flights_to, key=hash_key):
    total += flights_to[dest]
    best[abs(total - len(year) / 2)] = hash_key(dest) + 1
answer = str(best[min(best)])

# %% right: in the middle between two destinations
loads = year.groupby("dest").size()
places = sorted((hash_key(dest), size) for dest, size in loads.items())
sums = [sum(size for _, size in places[:n]) for n in range(len(places) + 1)]
n = min(range(len(sums)), key=lambda n: abs(2 * sums[n] - len(year)))
answer = (places[n - 1][0] + places[n][0]) // 2

# %% right: all possible cuts
places = year["dest"].map({dest: hash_key(dest) for dest in year["dest"].unique()})
counts = places.value_counts()
answer = min(counts.index, key=lambda cut: abs(counts[counts.index < cut].sum() * 2 - len(year)))

# %% wrong: the middle of the range
answer = 2**128 // 2

# %% wrong: half of the destinations
places = sorted(hash_key(dest) for dest in year["dest"].unique())
answer = places[len(places) // 2]

# %% wrong: a part of the line
answer = 0.5

# %% wrong: the heaviest destination
answer = hash_key(year["dest"].value_counts().idxmax())

# %% wrong: one too early
loads = year["dest"].value_counts()
loads.index = [hash_key(dest) for dest in loads.index]
left = loads.sort_index().cumsum() / len(year)
answer = left.index[(left - 0.5).abs().argmin()]

# %% wrong: a float
loads = year["dest"].value_counts()
loads.index = [hash_key(dest) for dest in loads.index]
left = loads.sort_index().cumsum() / len(year)
answer = float(left.index[(left - 0.5).abs().argmin() + 1])

# %% wrong: the destination instead of its hash key
flights_to = year["dest"].value_counts()
ordered = flights_to.loc[sorted(flights_to.index, key=hash_key)].cumsum() / len(year)
answer = ordered.index[(ordered - 0.5).abs().argmin() + 1]

# %% wrong: behind the end
answer = 2**128
