# %% blank
def changed(change):
    return ...  # try it with changed(json.loads(captured["table"]["Data"]))


# %% solution
def changed(change):
    old = change["dynamodb"].get("OldImage", {})
    new = change["dynamodb"].get("NewImage", {})
    return {name for name in old | new if old.get(name) != new.get(name)}


changed(json.loads(captured["table"]["Data"]))


# %% right: by name of the event, and read
def changed(change):
    images = change["dynamodb"]
    if change["eventName"] != "MODIFY":
        return list(images.get("NewImage") or images["OldImage"])
    old, new = images["OldImage"], images["NewImage"]
    kept = [name for name in old if name in new and read(old[name]) == read(new[name])]
    return [name for name in {**old, **new} if name not in kept]


# %% right: sets of pairs
def changed(change):
    old, new = (
        {(name, str(value)) for name, value in change["dynamodb"].get(image, {}).items()}
        for image in ("OldImage", "NewImage")
    )
    return sorted({name for name, _ in old ^ new})


# %% wrong: only names that the new image has
def changed(change):
    old = change["dynamodb"].get("OldImage", {})
    new = change["dynamodb"].get("NewImage", {})
    return {name for name in new if old.get(name) != new[name]}


# %% wrong: only names that both have
def changed(change):
    old = change["dynamodb"].get("OldImage", {})
    new = change["dynamodb"].get("NewImage", {})
    return {name for name in old.keys() & new.keys() if old[name] != new[name]}


# %% wrong: all names
def changed(change):
    images = change["dynamodb"]
    return {**images.get("OldImage", {}), **images.get("NewImage", {})}


# %% wrong: new and gone names only
def changed(change):
    images = change["dynamodb"]
    return images.get("OldImage", {}).keys() ^ images.get("NewImage", {}).keys()


# %% wrong: the number of them
def changed(change):
    old = change["dynamodb"].get("OldImage", {})
    new = change["dynamodb"].get("NewImage", {})
    return len({name for name in old | new if old.get(name) != new.get(name)})


# %% wrong: without the types
def changed(change):
    old, new = (
        {
            name: next(iter(value.values()))
            for name, value in change["dynamodb"].get(image, {}).items()
        }
        for image in ("OldImage", "NewImage")
    )
    return {name for name in old | new if old.get(name) != new.get(name)}
