# %% blank
def merge(rows): ...


# %% solution
def merge(rows):
    once = rows.drop_duplicates(NAME)
    return once.groupby(["time_hour", "origin"])["flights"].sum()


# %% right: a dictionary of names
def merge(rows):
    seen, total = set(), Counter()
    for row in rows.to_dict("records"):
        name = tuple(row[column] for column in NAME)
        if name not in seen:
            seen.add(name)
            total[row["time_hour"], row["origin"]] += row["flights"]
    return total


# %% right: the other order, as a table, in place
def merge(rows):
    rows.sort_values("sequence_number", inplace=True)
    rows.drop_duplicates(NAME, keep="last", inplace=True)
    return rows.groupby(["origin", "time_hour"])[["flights"]].sum()


# %% right: columns instead of an index
def merge(rows):
    first = rows.groupby(NAME, as_index=False)["flights"].first()
    return first.groupby(["time_hour", "origin"], as_index=False)["flights"].sum()


# %% right: a pivot table, which also has the hours without flights
def merge(rows):
    once = rows.drop_duplicates(NAME)
    sums = once.pivot_table("flights", "time_hour", "origin", "sum", fill_value=0)
    return sums.stack()


# %% right: a Series whose index has no names
def merge(rows):
    once = rows.groupby(NAME)["flights"].first().reset_index()
    hours = zip(once["time_hour"], once["origin"], strict=True)
    sums = {}
    for hour, flights_then in zip(hours, once["flights"], strict=True):
        sums[hour] = sums.get(hour, 0) + flights_then
    return pd.Series(sums)


# %% wrong: counts the copies
def merge(rows):
    return rows.groupby(["time_hour", "origin"])["flights"].sum()


# %% wrong: takes one shard's rows for copies of the other's
def merge(rows):
    once = rows.drop_duplicates(["time_hour", "origin", "window_start"])
    return once.groupby(["time_hour", "origin"])["flights"].sum()


# %% wrong: the last replaces the rest
def merge(rows):
    return rows.groupby(["time_hour", "origin"])["flights"].last()


# %% wrong: for each airport
def merge(rows):
    once = rows.drop_duplicates(NAME)
    return once.groupby("origin")["flights"].sum()


# %% wrong: drops rows that look alike
def merge(rows):
    once = rows.drop_duplicates(["time_hour", "origin", "flights"])
    return once.groupby(["time_hour", "origin"])["flights"].sum()


# %% wrong: the notebook's result
def merge(rows):
    return truth["flights"]


# %% wrong: counts rows
def merge(rows):
    once = rows.drop_duplicates(NAME)
    return once.groupby(["time_hour", "origin"])["flights"].count()


# %% wrong: one column too many
def merge(rows):
    once = rows.drop_duplicates(NAME)
    return once.groupby(["time_hour", "origin", "window_start"])["flights"].sum()
