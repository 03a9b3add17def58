# %% blank
def alerts(means, limit):
    """Positions at which an alert is due."""
    return ...  # try it with alerts([20, 70, 80, 30, 90], 60)


# %% solution
def alerts(means, limit):
    """Positions at which an alert is due."""
    due, was_over = [], False
    for place, mean in enumerate(means):
        is_over = mean > limit
        if is_over and not was_over:
            due.append(place)
        was_over = is_over
    return due


# %% right: pairs of neighbours
def alerts(means, limit):
    over = [False, *(mean > limit for mean in means)]
    return [place for place in range(len(means)) if over[place + 1] and not over[place]]


# %% right: pandas
def alerts(means, limit):
    over = pd.Series(means, dtype="float") > limit
    return over.index[over & ~over.shift(fill_value=False)]


# %% right: a set of numpy's numbers
import numpy as np


def alerts(means, limit):
    over = np.array([0, *(mean > limit for mean in means)], dtype=int)
    return set(np.flatnonzero(np.diff(over) == 1))


# %% right: with numpy
import numpy as np


def alerts(means, limit):
    over = np.array(means, dtype=float) > limit
    return np.flatnonzero(over & ~np.r_[False, over[:-1]])


# %% wrong: each mean over the limit
def alerts(means, limit):
    return [place for place, mean in enumerate(means) if mean > limit]


# %% wrong: not at the first one
def alerts(means, limit):
    places = range(1, len(means))
    return [n for n in places if means[n] > limit and not means[n - 1] > limit]


# %% wrong: at the limit, too
def alerts(means, limit):
    over = [False, *(mean >= limit for mean in means)]
    return [place for place in range(len(means)) if over[place + 1] and not over[place]]


# %% wrong: each change
def alerts(means, limit):
    over = [False, *(mean > limit for mean in means)]
    return [place for place in range(len(means)) if over[place + 1] != over[place]]


# %% wrong: counts from 1
def alerts(means, limit):
    over = [False, *(mean > limit for mean in means)]
    return [place for place in range(1, len(over)) if over[place] and not over[place - 1]]


# %% wrong: whenever it grows
def alerts(means, limit):
    before = [float("-inf"), *means]
    return [n for n, mean in enumerate(means) if mean > limit and mean > before[n]]


# %% wrong: a limit that it has chosen
def alerts(means, limit):
    over = [False, *(mean > 60 for mean in means)]
    return [place for place in range(len(means)) if over[place + 1] and not over[place]]
