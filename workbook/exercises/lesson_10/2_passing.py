# %% blank
def passing(table):
    return ...  # try it with passing(day)


# %% solution
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(False)
    other = ~table["carrier"].isin(["UA", "B6"])
    return int((long & other).sum())


passing(day)


# %% right: query, and the length of what is left
def passing(table):
    return len(table.query("60 < dep_delay <= 120 and carrier not in ['UA', 'B6']"))


# %% right: flight by flight
def passing(table):
    count = 0
    for flight in flights.events(table):
        if flight["carrier"] not in ("UA", "B6") and flight["dep_delay"] is not None:
            count += 60 < flight["dep_delay"] <= 120
    return count


# %% right: between, on the columns of what it is given
def passing(table):
    table["dep_delay"] = table["dep_delay"].astype(float)
    table = table[table["dep_delay"].between(60, 120, inclusive="right")]
    return table[table["carrier"].ne("UA") & table["carrier"].ne("B6")].shape[0]


# %% wrong: one of the fields is enough
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(False)
    return int((long | ~table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: only the carriers in the list
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(False)
    return int((long & table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: the delay alone
def passing(table):
    delay = table["dep_delay"]
    return int(((delay > 60) & (delay <= 120)).fillna(False).sum())


# %% wrong: from 60 on
def passing(table):
    long = table["dep_delay"].between(60, 120).fillna(False)
    return int((long & ~table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: below 120
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay < 120)).fillna(False)
    return int((long & ~table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: all above 60
def passing(table):
    long = (table["dep_delay"] > 60).fillna(False)
    return int((long & ~table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: one of the carriers
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(False)
    return int((long & (table["carrier"] != "UA")).sum())


# %% wrong: missing delays pass
def passing(table):
    delay = table["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(True)
    return int((long & ~table["carrier"].isin(["UA", "B6"])).sum())


# %% wrong: the flights instead of their number
def passing(table):
    return table.query("60 < dep_delay <= 120 and carrier not in ['UA', 'B6']")


# %% wrong: the flights of the notebook, whatever it is given
def passing(table):
    long = ((day["dep_delay"] > 60) & (day["dep_delay"] <= 120)).fillna(False)
    return int((long & ~day["carrier"].isin(["UA", "B6"])).sum())
