# %% blank
result = results["retries only"]
document = result.failures.iloc[0]
numbers = result.records["sequence_number"].map(int)

answer = ...

# %% solution
result = results["retries only"]
document = result.failures.iloc[0]
numbers = result.records["sequence_number"].map(int)
first = int(document["first_sequence_number"])
last = int(document["last_sequence_number"])
named = numbers.between(first, last)

answer = list(result.records.index[named & (result.records["copies"] > 0)])

# %% right: by the fate of each, as a Series
records = results["retries only"].records
given_up = records[records["fate"] == "given up"]
batch = records.loc[given_up.index.min() // 16 * 16 : given_up.index.max()]
answer = batch[batch["copies"].ge(1)].index.to_series()

# %% right: those before the poison, as a set
result = results["retries only"]
first = int(result.failures.iloc[0]["first_sequence_number"])
poison = result.records.index[result.records["poison"]].item()
answer = {
    n for n, r in result.records.iterrows() if n < poison and int(r["sequence_number"]) >= first
}

# %% right: all that came more than once
records = results["retries only"].records
answer = records.index[records["copies"] > 1]

# %% wrong: all that are named
result = results["retries only"]
document = result.failures.iloc[0]
numbers = result.records["sequence_number"].map(int)
first = int(document["first_sequence_number"])
last = int(document["last_sequence_number"])
answer = list(result.records.index[numbers.between(first, last)])

# %% wrong: those that were given up
records = results["retries only"].records
answer = list(records.index[(records["fate"] == "given up") & (records["copies"] == 0)])

# %% wrong: all that were written
records = results["retries only"].records
answer = list(records.index[records["copies"] > 0])

# %% wrong: how many
records = results["retries only"].records
answer = int((records["copies"] > 1).sum())

# %% wrong: leaves out the first
records = results["retries only"].records
answer = list(records.index[records["copies"] > 1])[1:]

# %% wrong: a mask
answer = results["retries only"].records["copies"] > 1

# %% wrong: with the poison
records = results["retries only"].records
poison = records.index[records["poison"]].item()
answer = [*records.index[records["copies"] > 1], poison]
