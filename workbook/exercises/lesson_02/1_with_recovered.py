# %% blank
def with_recovered(data):
    return ...


# %% solution
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    recovered = None if None in delays else delays[0] - delays[1]
    return {**handler.process_data(data), "recovered": recovered}


with_recovered(flight)


# %% right: catches the error
def with_recovered(data):
    enriched = handler.process_data(data)
    try:
        enriched["recovered"] = data["dep_delay"] - data["arr_delay"]
    except TypeError:
        enriched["recovered"] = None
    return enriched


# %% right: adds the field first, to a copy
def with_recovered(data):
    left, came = data.get("dep_delay"), data.get("arr_delay")
    known = left is not None and came is not None
    return handler.process_data(data | {"recovered": left - came if known else None})


# %% right: floats
def with_recovered(data):
    both = data["dep_delay"] is not None and data["arr_delay"] is not None
    recovered = float(data["dep_delay"]) - float(data["arr_delay"]) if both else None
    return dict(handler.process_data(data), recovered=recovered)


# %% wrong: forgets that a delay may be missing
def with_recovered(data):
    recovered = data["dep_delay"] - data["arr_delay"]
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: takes 0 for missing
def with_recovered(data):
    recovered = None
    if data["dep_delay"] and data["arr_delay"]:
        recovered = data["dep_delay"] - data["arr_delay"]
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: the other way round
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    recovered = None if None in delays else delays[1] - delays[0]
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: takes missing for 0
def with_recovered(data):
    recovered = (data["dep_delay"] or 0) - (data["arr_delay"] or 0)
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: changes what it is given
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    data["recovered"] = None if None in delays else delays[0] - delays[1]
    return handler.process_data(data)


# %% wrong: returns the new field only
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    return {"recovered": None if None in delays else delays[0] - delays[1]}


# %% wrong: NaN for missing
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    recovered = float("nan") if None in delays else delays[0] - delays[1]
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: never negative
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    recovered = None if None in delays else max(0, delays[0] - delays[1])
    return {**handler.process_data(data), "recovered": recovered}


# %% wrong: adds the field to the flight, without the handler
def with_recovered(data):
    delays = data["dep_delay"], data["arr_delay"]
    return {**data, "recovered": None if None in delays else delays[0] - delays[1]}
