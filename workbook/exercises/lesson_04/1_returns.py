# %% blank
def returns(producers, pause):
    """When each producer comes back, in seconds since the first refusal: three times for each."""
    return ...


# try it: returns(10, pause), and returns(10, lambda tries: 0.1 * 2**tries)

# %% solution
from itertools import accumulate


def returns(producers, pause):
    pauses = [[pause(1), pause(2), pause(3)] for _ in range(producers)]
    return [time for each in pauses for time in accumulate(each)]


both = {"exact": returns(10, lambda tries: 0.1 * 2**tries), "by chance": returns(10, pause)}
figure, axes = plots.subplots(size=(8, 2))
for name, times in both.items():
    axes.plot(times, [name] * len(times), "o", alpha=0.5)
axes.set(title="When ten producers come back", xlabel="seconds")
plots.show(figure, "Exact pauses: at three moments. By chance: spread out.")


# %% right: a loop that adds up
def returns(producers, pause):
    times = []
    for _ in range(producers):
        now = 0
        for tries in range(1, 4):
            now += pause(tries)
            times.append(now)
    return times


# %% right: numpy, return by return, an array for each
import numpy as np


def returns(producers, pause):
    pauses = np.array([[pause(tries) for _ in range(producers)] for tries in (1, 2, 3)])
    return pauses.cumsum(axis=0).tolist()


# %% right: a dictionary with an iterator for each producer
from itertools import accumulate


def returns(producers, pause):
    return {number: accumulate(map(pause, (1, 2, 3))) for number in range(producers)}


# %% right: a table with a row for each producer
import pandas as pd


def returns(producers, pause):
    rows = [[pause(1), pause(2), pause(3)] for _ in range(producers)]
    return pd.DataFrame(rows).cumsum(axis=1)


# %% right: sorted
def returns(producers, pause):
    times = []
    for _ in range(producers):
        first, second, third = pause(1), pause(2), pause(3)
        times += [first, first + second, first + second + third]
    return sorted(times)


# %% right: a generator
def returns(producers, pause):
    for _ in range(producers):
        time = 0
        for tries in (1, 2, 3):
            time += pause(tries)
            yield time


# %% wrong: does not add the pauses up
def returns(producers, pause):
    return [pause(tries) for _ in range(producers) for tries in (1, 2, 3)]


# %% wrong: the same pauses for all
from itertools import accumulate


def returns(producers, pause):
    return list(accumulate([pause(1), pause(2), pause(3)])) * producers


# %% wrong: one producer
from itertools import accumulate


def returns(producers, pause):
    return list(accumulate([pause(1), pause(2), pause(3)]))


# %% wrong: counts from 0
from itertools import accumulate


def returns(producers, pause):
    times = []
    for _ in range(producers):
        times += accumulate(pause(tries) for tries in range(3))
    return times


# %% wrong: the last return only
def returns(producers, pause):
    return [pause(1) + pause(2) + pause(3) for _ in range(producers)]


# %% wrong: adds up over all producers
from itertools import accumulate


def returns(producers, pause):
    return list(accumulate(pause(tries) for _ in range(producers) for tries in (1, 2, 3)))


# %% wrong: other pauses for each sum
def returns(producers, pause):
    times = []
    for _ in range(producers):
        times += [pause(1), pause(1) + pause(2), pause(1) + pause(2) + pause(3)]
    return times


# %% wrong: the exact pauses, whatever it is given
def returns(producers, pause):
    return [0.2, 0.6, 1.4] * producers
