# %% blank
def window_start(arrival, seconds): ...


# %% solution
def window_start(arrival, seconds):
    return int(arrival // seconds) * seconds


# %% right: the remainder, as a float
def window_start(arrival, seconds):
    return arrival - arrival % seconds


# %% right: math.floor
import math


def window_start(arrival, seconds):
    return math.floor(arrival / seconds) * seconds


# %% right: divmod and numpy
import numpy as np


def window_start(arrival, seconds):
    windows, _ = divmod(np.float64(arrival), seconds)
    return np.int64(windows * seconds)


# %% wrong: rounds up too
def window_start(arrival, seconds):
    return round(arrival / seconds) * seconds


# %% wrong: always rounds up
import math


def window_start(arrival, seconds):
    return math.ceil(arrival / seconds) * seconds


# %% wrong: the minute
def window_start(arrival, seconds):
    return arrival - arrival % 60


# %% wrong: begins with the record
def window_start(arrival, seconds):
    return int(arrival) - seconds + 1


# %% wrong: returns nothing
def window_start(arrival, seconds):
    arrival // seconds * seconds


# %% wrong: the number of the window
def window_start(arrival, seconds):
    return int(arrival // seconds)


# %% wrong: the end of the window
def window_start(arrival, seconds):
    return int(arrival // seconds) * seconds + seconds


# %% wrong: how far into the window
def window_start(arrival, seconds):
    return int(arrival % seconds)


# %% wrong: the whole second
def window_start(arrival, seconds):
    return int(arrival)
