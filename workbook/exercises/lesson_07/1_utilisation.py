# %% blank
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return ...  # try it with utilisation(25, 2, 90, 8)


# %% solution
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    seconds = (batch_millis / size + record_millis) / 1000
    return rate * seconds / factor


# %% right: batches a second, rounded
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    batches = rate / size
    busy = batches * (batch_millis + size * record_millis)
    return round(busy / factor / 1000, 3)


# %% right: by the capacity
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    if batch_millis + record_millis == 0:
        return 0
    capacity = 1000 * size / (batch_millis + record_millis * size)
    return rate / (factor * capacity)


# %% right: numpy
import numpy as np


def utilisation(rate, size, batch_millis, record_millis, factor=1):
    millis = np.array([batch_millis, record_millis]) @ [1 / size, 1]
    return np.float64(rate) / factor * millis * 1e-3


# %% right: an exact fraction
from fractions import Fraction


def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return Fraction(rate * (batch_millis + size * record_millis), size * 1000 * factor)


# %% wrong: milliseconds for seconds
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis / size + record_millis) / factor


# %% wrong: each record has a batch to itself
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis + record_millis) / 1000 / factor


# %% wrong: leaves out the factor
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis / size + record_millis) / 1000


# %% wrong: never above 1
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return min(1, rate * (batch_millis / size + record_millis) / 1000 / factor)


# %% wrong: the time of a record is shared too
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis + record_millis) / size / 1000 / factor


# %% wrong: multiplies by the factor
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis / size + record_millis) / 1000 * factor


# %% wrong: the time of a batch of records
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis + size * record_millis) / 1000 / factor


# %% wrong: the rate of the notebook
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return 25 * (batch_millis / size + record_millis) / 1000 / factor


# %% wrong: in per cent
def utilisation(rate, size, batch_millis, record_millis, factor=1):
    return rate * (batch_millis / size + record_millis) / 10 / factor
