# %% blank
def cheapest(table, target):
    return ...  # (batch size, window, factor)


# try it: cheapest(table, table["p95_s"].median())


# %% solution
def cheapest(table, target):
    return table[table["p95_s"] < target]["usd"].idxmin()


cheapest(table, table["p95_s"].median())


# %% right: sorts, and gives a list
def cheapest(table, target):
    table = table.sort_values("usd")
    return list(table.index[table["p95_s"] < target][0])


# %% right: a loop
def cheapest(table, target):
    best, lowest = None, float("inf")
    for setting, row in table.iterrows():
        if row["p95_s"] < target and row["usd"] < lowest:
            best, lowest = setting, row["usd"]
    return best


# %% right: drops rows in place
def cheapest(table, target):
    table.drop(table.index[table["p95_s"] >= target], inplace=True)
    return table["usd"].nsmallest(1).index[0]


# %% wrong: the price instead of the setting
def cheapest(table, target):
    return table[table["p95_s"] < target]["usd"].min()


# %% wrong: among those that are too slow
def cheapest(table, target):
    return table[table["p95_s"] >= target]["usd"].idxmin()


# %% wrong: the most expensive
def cheapest(table, target):
    return table[table["p95_s"] < target]["usd"].idxmax()


# %% wrong: the cheapest of all
def cheapest(table, target):
    return table["usd"].idxmin()


# %% wrong: the fastest
def cheapest(table, target):
    return table[table["p95_s"] < target]["p95_s"].idxmin()


# %% wrong: by the median latency
def cheapest(table, target):
    return table[table["p50_s"] < target]["usd"].idxmin()


# %% wrong: the place in the table
def cheapest(table, target):
    return int(table["usd"].where(table["p95_s"] < target).argmin())


# %% wrong: the fewest invocations
def cheapest(table, target):
    return table[table["p95_s"] < target]["invocations"].idxmin()


# %% wrong: the target of the notebook
def cheapest(table_, target):
    return table[table["p95_s"] < table["p95_s"].median()]["usd"].idxmin()
