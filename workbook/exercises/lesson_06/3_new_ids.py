# %% blank
def new_ids(ids, room):
    """The ids that are not among the last `room` different ones taken."""
    taken = []
    for id_ in ids:
        ...
    return taken


# %% solution
from collections import deque


def new_ids(ids, room):
    """The ids that are not among the last `room` different ones taken."""
    known, taken = deque(maxlen=room), []
    for id_ in ids:
        if id_ not in known:
            known.append(id_)
            taken.append(id_)
    return taken


# %% right: a dictionary, which keeps the order, and a generator
def new_ids(ids, room):
    known = {}
    for id_ in ids:
        if id_ in known:
            continue
        if len(known) == room:
            del known[next(iter(known))]
        known[id_] = True
        yield id_


# %% right: the last that were taken
def new_ids(ids, room):
    taken = []
    for id_ in ids:
        if id_ not in taken[-room:]:
            taken.append(id_)
    return tuple(taken)


# %% right: uses up its list
def new_ids(ids, room):
    known, taken = [], []
    while ids:
        id_ = ids.pop(0)
        if id_ not in known:
            known = [*known, id_][-room:]
            taken.append(id_)
    return pd.Series(taken)


# %% wrong: never forgets
def new_ids(ids, room):
    return list(dict.fromkeys(ids))


# %% wrong: knows the last id only
def new_ids(ids, room):
    return [id_ for i, id_ in enumerate(ids) if i == 0 or id_ != ids[i - 1]]


# %% wrong: forgets all at once
def new_ids(ids, room):
    known, taken = set(), []
    for id_ in ids:
        if id_ not in known:
            if len(known) == room:
                known.clear()
            known.add(id_)
            taken.append(id_)
    return taken


# %% wrong: copies take up room
def new_ids(ids, room):
    return [id_ for i, id_ in enumerate(ids) if id_ not in ids[max(0, i - room) : i]]


# %% wrong: forgets what has not come for longest
def new_ids(ids, room):
    known, taken = {}, []
    for id_ in ids:
        if known.pop(id_, None) is None:
            taken.append(id_)
        known[id_] = True
        if len(known) > room:
            del known[next(iter(known))]
    return taken


# %% wrong: gives what it knows in the end
from collections import deque


def new_ids(ids, room):
    known = deque(maxlen=room)
    for id_ in ids:
        if id_ not in known:
            known.append(id_)
    return list(known)
