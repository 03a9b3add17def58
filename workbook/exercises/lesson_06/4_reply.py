# %% blank
def reply(size, place):
    """What to do about a batch of `size` whose first bad record is at `place`.

    Places count from 0; `place` is None if no record is bad.
    """
    return ...


# %% solution
def reply(size, place):
    """What to do about a batch of `size` whose first bad record is at `place`.

    Places count from 0; `place` is None if no record is bad.
    """
    if place is None:
        return "done"
    return "raise" if place == 0 else "report"


# %% right: a dictionary
def reply(size, place):
    return {None: "done", 0: "raise"}.get(place, "report")


# %% right: match
def reply(size, place):
    match place:
        case None:
            return "Done"
        case 0:
            return "Raise"
    return "Report"


# %% right: a batch of one reports
def reply(size, place):
    if place is None:
        return "done"
    return "report" if place > 0 or size == 1 else "raise"


# %% wrong: always reports
def reply(size, place):
    return "done" if place is None else "report"


# %% wrong: always raises
def reply(size, place):
    return "done" if place is None else "raise"


# %% wrong: takes place 0 for none
def reply(size, place):
    return "report" if place else "done"


# %% wrong: reports nothing
def reply(size, place):
    return "report"


# %% wrong: always done
def reply(size, place):
    return "done"
