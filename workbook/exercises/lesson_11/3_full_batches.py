# %% blank
def full_batches(invocations):
    return ...  # such as {10: 0.5, 50: 0.5, 500: 0.5}


# %% solution
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    return full.groupby(invocations["BatchSize"]).mean().to_dict()


full_batches(second.invocations)


# %% right: a Series
def full_batches(invocations):
    full = invocations.assign(full=invocations["records"].ge(invocations["BatchSize"]))
    return full.groupby("BatchSize")["full"].mean()


# %% right: a list of pairs, by a loop
def full_batches(invocations):
    shares = []
    for size in invocations["BatchSize"].unique():
        taken = invocations.loc[invocations["BatchSize"] == size, "records"]
        shares.append((size, round(sum(taken == size) / len(taken), 2)))
    return shares


# %% right: a list, from the smallest size to the largest
def full_batches(invocations):
    invocations["full"] = invocations["records"] == invocations["BatchSize"]
    return list(invocations.groupby("BatchSize")["full"].mean())


# %% right: a table of two columns
def full_batches(invocations):
    full = invocations["records"] >= invocations["BatchSize"]
    return invocations.assign(full=full).groupby("BatchSize", as_index=False)["full"].mean()


# %% wrong: in per cent
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    return 100 * full.groupby(invocations["BatchSize"]).mean()


# %% wrong: counts
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    return full.groupby(invocations["BatchSize"]).sum().to_dict()


# %% wrong: guessed
def full_batches(invocations):
    return {10: 1.0, 50: 1.0, 500: 1.0}


# %% wrong: how full they are on average
def full_batches(invocations):
    part = invocations["records"] / invocations["BatchSize"]
    return part.groupby(invocations["BatchSize"]).mean()


# %% wrong: the share of all full batches
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    return full.groupby(invocations["BatchSize"]).sum() / full.sum()


# %% wrong: one share for all
def full_batches(invocations):
    return (invocations["records"] == invocations["BatchSize"]).mean()


# %% wrong: text for batch sizes
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    return {
        str(size): share for size, share in full.groupby(invocations["BatchSize"]).mean().items()
    }


# %% wrong: the share that is not full
def full_batches(invocations):
    part = invocations["records"] < invocations["BatchSize"]
    return part.groupby(invocations["BatchSize"]).mean()


# %% wrong: the share of records
def full_batches(invocations):
    full = invocations["records"] == invocations["BatchSize"]
    by_size = invocations.assign(full=full * invocations["records"]).groupby("BatchSize")
    return by_size["full"].sum() / by_size["records"].sum()
