# %% blank
def latest(changes):
    return ...


# %% solution
def latest(changes):
    table = {}
    for change in sorted(changes, key=lambda c: c["dynamodb"]["ApproximateCreationDateTime"]):
        plane = read(change["dynamodb"]["Keys"]["plane"])
        table.pop(plane, None)
        if change["eventName"] != "REMOVE":
            table[plane] = read(change["dynamodb"]["NewImage"]["dest"])
    return table


# %% right: the newest of each plane, without sorting
def latest(changes):
    newest = {}
    for change in changes:
        found = change["dynamodb"]
        plane, moment = found["Keys"]["plane"]["S"], found["ApproximateCreationDateTime"]
        if moment >= newest.get(plane, (0, None))[0]:
            newest[plane] = moment, found.get("NewImage")
    return {plane: image["dest"]["S"] for plane, (_, image) in newest.items() if image}


# %% right: pandas
def latest(changes):
    rows = pd.DataFrame([change["dynamodb"] for change in changes])
    rows = rows.reindex(columns=["Keys", "ApproximateCreationDateTime", "NewImage"])
    rows["plane"] = [keys["plane"]["S"] for keys in rows["Keys"]]
    rows = rows.sort_values("ApproximateCreationDateTime").groupby("plane").tail(1)
    rows = rows[[isinstance(image, dict) for image in rows["NewImage"]]]
    rows["dest"] = [image["dest"]["S"] for image in rows["NewImage"]]
    return rows.set_index("plane")["dest"]


# %% wrong: in order of arrival
def latest(changes):
    table = {}
    for change in changes:
        plane = change["dynamodb"]["Keys"]["plane"]["S"]
        table.pop(plane, None)
        if change["eventName"] != "REMOVE":
            table[plane] = change["dynamodb"]["NewImage"]["dest"]["S"]
    return table


# %% wrong: removed ones stay
def latest(changes):
    table = {}
    for change in sorted(changes, key=lambda c: c["dynamodb"]["ApproximateCreationDateTime"]):
        if change["eventName"] != "REMOVE":
            image = change["dynamodb"]["NewImage"]
            table[image["plane"]["S"]] = image["dest"]["S"]
    return table


# %% wrong: whatever was removed once is gone
def latest(changes):
    table, removed = {}, set()
    for change in sorted(changes, key=lambda c: c["dynamodb"]["ApproximateCreationDateTime"]):
        found = change["dynamodb"]
        if change["eventName"] == "REMOVE":
            removed.add(found["Keys"]["plane"]["S"])
        else:
            table[found["Keys"]["plane"]["S"]] = found["NewImage"]["dest"]["S"]
    return {plane: dest for plane, dest in table.items() if plane not in removed}


# %% wrong: typed values
def latest(changes):
    table = {}
    for change in sorted(changes, key=lambda c: c["dynamodb"]["ApproximateCreationDateTime"]):
        plane = change["dynamodb"]["Keys"]["plane"]["S"]
        table.pop(plane, None)
        if change["eventName"] != "REMOVE":
            table[plane] = change["dynamodb"]["NewImage"]["dest"]
    return table


# %% wrong: oldest last
def latest(changes):
    table, when = {}, lambda c: c["dynamodb"]["ApproximateCreationDateTime"]
    for change in sorted(changes, key=when, reverse=True):
        plane = change["dynamodb"]["Keys"]["plane"]["S"]
        table.pop(plane, None)
        if change["eventName"] != "REMOVE":
            table[plane] = change["dynamodb"]["NewImage"]["dest"]["S"]
    return table


# %% wrong: removed ones are None
def latest(changes):
    table = {}
    for change in sorted(changes, key=lambda c: c["dynamodb"]["ApproximateCreationDateTime"]):
        image = change["dynamodb"].get("NewImage")
        plane = change["dynamodb"]["Keys"]["plane"]["S"]
        table[plane] = image and image["dest"]["S"]
    return table


# %% wrong: by the id of the event
def latest(changes):
    table = {}
    for change in sorted(changes, key=lambda change: change["eventID"]):
        plane = change["dynamodb"]["Keys"]["plane"]["S"]
        table.pop(plane, None)
        if change["eventName"] != "REMOVE":
            table[plane] = change["dynamodb"]["NewImage"]["dest"]["S"]
    return table
