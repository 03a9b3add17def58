# %% blank
def takes(traffic):
    """MB a second that the stream takes in each quarter of an hour."""
    return ...  # try it with takes([1, 3, 2, 8, 1])


# %% solution
def takes(traffic):
    """MB a second that the stream takes in each quarter of an hour."""
    return [max([4, *(2 * before for before in traffic[:place])]) for place in range(len(traffic))]


# %% right: a loop
def takes(traffic):
    highest, found = 2, []
    for now in traffic:
        found.append(2 * highest)
        highest = max(highest, now)
    return found


# %% right: pandas
def takes(traffic):
    return (2 * pd.Series(traffic).cummax()).shift(fill_value=4).clip(lower=4)


# %% right: itertools, as a tuple of text
from itertools import accumulate


def takes(traffic):
    highest = accumulate([2, *traffic], max)
    return tuple(f"{2 * value:.3f}" for value in list(highest)[:-1])


# %% wrong: with the quarter itself
def takes(traffic):
    return list((2 * pd.Series(traffic).cummax()).clip(lower=4))


# %% wrong: only the quarter before
def takes(traffic):
    return [4, *(max(4, 2 * now) for now in traffic[:-1])]


# %% wrong: without the least
def takes(traffic):
    return [2 * max(traffic[:place], default=0) for place in range(len(traffic))]


# %% wrong: not twice
def takes(traffic):
    return [max([4, *traffic[:place]]) for place in range(len(traffic))]


# %% wrong: twice the least, too
def takes(traffic):
    return [2 * max([4, *traffic[:place]]) for place in range(len(traffic))]


# %% wrong: only the last value
def takes(traffic):
    return [max([4, *(2 * now for now in traffic[:-1])])]


# %% wrong: the traffic that is taken
def takes(traffic):
    found = [max([4, *(2 * now for now in traffic[:place])]) for place in range(len(traffic))]
    return [min(pair) for pair in zip(traffic, found, strict=True)]
