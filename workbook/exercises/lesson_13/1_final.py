# %% blank
def final(records):
    """Where each plane heads, by the table."""
    return ...  # try it with final([("N1", "09:00", "ATL"), ("N1", "07:00", "BOS")])


# %% solution
def final(records):
    """Where each plane heads, by the table."""
    known = {}
    for plane, left_at, dest in records:
        if plane not in known or known[plane][0] < left_at:
            known[plane] = (left_at, dest)
    return {plane: dest for plane, (_, dest) in known.items()}


# %% right: sorts first, the latest and of these the first
def final(records):
    order = sorted(range(len(records)), key=lambda n: (records[n][1], -n))
    return {records[n][0]: records[n][2] for n in order}


# %% right: pandas
def final(records):
    table = pd.DataFrame(records, columns=["plane", "at", "dest"])
    table = table.sort_values("at", ascending=False, kind="stable")
    return table.drop_duplicates("plane").set_index("plane")["dest"]


# %% right: max of a group, as pairs
def final(records):
    planes = {record[0] for record in records}
    own = {plane: [r for r in records if r[0] == plane] for plane in planes}
    return [(plane, max(mine, key=lambda r: r[1])[2]) for plane, mine in own.items()]


# %% wrong: the last one that arrives
def final(records):
    return {plane: dest for plane, _, dest in records}


# %% wrong: the first one that arrives
def final(records):
    return {plane: dest for plane, _, dest in reversed(records)}


# %% wrong: replaces one of the same time
def final(records):
    return {plane: dest for plane, _, dest in sorted(records, key=lambda r: r[1])}


# %% wrong: the time instead of the destination
def final(records):
    known = {}
    for plane, left_at, _ in records:
        known[plane] = max(left_at, known.get(plane, ""))
    return known
