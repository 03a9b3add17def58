# %% blank
def readers(mb):
    return ...


# %% solution
def readers(mb):
    return min(5, int(2 / mb))


# %% right: floor division
def readers(mb):
    return min(2 // mb, 5)


# %% right: one reader after the other
def readers(mb):
    count = 0
    while count < 5 and (count + 1) * mb <= 2:
        count += 1
    return count


# %% right: numpy
import numpy as np


def readers(mb):
    return np.clip(np.floor(2 / mb), 0, 5)


# %% wrong: no limit of calls
def readers(mb):
    return int(2 / mb)


# %% wrong: no limit of calls, floor division
def readers(mb):
    return int(2 // mb)


# %% wrong: no limit of data
def readers(mb):
    return 5


# %% wrong: parts of readers
def readers(mb):
    return min(5, 2 / mb)


# %% wrong: rounds
def readers(mb):
    return min(5, round(2 / mb))


# %% wrong: rounds up
import math


def readers(mb):
    return min(5, math.ceil(2 / mb))


# %% wrong: the limit of writing
def readers(mb):
    return min(5, int(1 / mb))


# %% wrong: the data shared by the readers
def readers(mb):
    return min(5, int(2 * mb))
