# %% blank
place = {flights.event_id(flight): number for number, flight in enumerate(sample)}
stream = both.assign(place=both["event_id"].map(place))
stream = stream.sort_values("sequence_number_in", key=lambda column: column.map(int))


def out_of_order(stream):
    return ...


# %% solution
place = {flights.event_id(flight): number for number, flight in enumerate(sample)}
stream = both.assign(place=both["event_id"].map(place))
stream = stream.sort_values("sequence_number_in", key=lambda column: column.map(int))


def out_of_order(stream):
    places = stream.groupby("partition_key_in")["place"]
    return int(places.agg(lambda place: (place.diff() < 0).any()).sum())


print(out_of_order(stream), "of", stream["partition_key_in"].nunique(), "planes")


# %% right: is_monotonic_increasing
def out_of_order(stream):
    groups = stream.groupby("partition_key_in")["place"]
    return sum(not places.is_monotonic_increasing for _, places in groups)


# %% right: a loop, and a set
def out_of_order(stream):
    highest, wrong = {}, set()
    for row in stream.itertuples():
        if row.place < highest.get(row.partition_key_in, -1):
            wrong.add(row.partition_key_in)
        highest[row.partition_key_in] = max(row.place, highest.get(row.partition_key_in, -1))
    return len(wrong)


# %% right: adds columns to what it is given
def out_of_order(stream):
    stream["behind"] = stream["place"] < stream.groupby("partition_key_in")["place"].cummax()
    return stream.loc[stream["behind"], "partition_key_in"].nunique()


# %% wrong: compares all flights with one another
def out_of_order(stream):
    return int((stream["place"].diff() < 0).sum())


# %% wrong: counts falls, not planes
def out_of_order(stream):
    return int((stream.groupby("partition_key_in")["place"].diff() < 0).sum())


# %% wrong: compares the first and the last only
def out_of_order(stream):
    places = stream.groupby("partition_key_in")["place"]
    return int((places.last() < places.first()).sum())


# %% wrong: counts all planes
def out_of_order(stream):
    return stream["partition_key_in"].nunique()


# %% wrong: gaps for disorder
def out_of_order(stream):
    places = stream.groupby("partition_key_in")["place"]
    return int(places.agg(lambda place: (place.diff() > 1).any()).sum())


# %% wrong: gives the keys
def out_of_order(stream):
    groups = stream.groupby("partition_key_in")["place"]
    return [key for key, places in groups if not places.is_monotonic_increasing]


# %% wrong: sorts first
def out_of_order(stream):
    places = stream.sort_values("place").groupby("partition_key_in")["place"]
    return int(places.agg(lambda place: (place.diff() < 0).any()).sum())
