# %% blank
def files(arrivals, interval):
    """The number of files that Firehose writes."""
    return ...  # try it with files([0, 50, 70, 110], 60)


# %% solution
def files(arrivals, interval):
    """The number of files that Firehose writes."""
    count, first = 0, None
    for time in arrivals:
        if first is None or time > first + interval:
            count, first = count + 1, time
    return count


# %% right: recursion
def files(arrivals, interval):
    if not arrivals:
        return 0
    return 1 + files([time for time in arrivals if time > arrivals[0] + interval], interval)


# %% right: uses up the list
def files(arrivals, interval):
    count = 0
    while arrivals:
        end = arrivals.pop(0) + interval
        while arrivals and arrivals[0] < end:
            arrivals.pop(0)
        count += 1
    return count


# %% right: as text
def files(arrivals, interval):
    starts = []
    for time in arrivals:
        if not starts or time - starts[-1] > interval:
            starts.append(time)
    return str(len(starts))


# %% wrong: intervals of the clock
def files(arrivals, interval):
    return len({time // interval for time in arrivals})


# %% wrong: gaps between records
import itertools


def files(arrivals, interval):
    pairs = itertools.pairwise(arrivals)
    return bool(arrivals) + sum(after - before > interval for before, after in pairs)


# %% wrong: a file for each record
def files(arrivals, interval):
    return len(arrivals)


# %% wrong: the whole time by the interval
def files(arrivals, interval):
    return -(-(arrivals[-1] - arrivals[0]) // interval) if arrivals else 0


# %% wrong: without the last buffer
def files(arrivals, interval):
    count, first = 0, None
    for time in arrivals:
        if first is None:
            first = time
        elif time > first + interval:
            count, first = count + 1, time
    return count


# %% wrong: one file for no record
def files(arrivals, interval):
    count, first = 1, arrivals[0] if arrivals else 0
    for time in arrivals:
        if time > first + interval:
            count, first = count + 1, time
    return count


# %% wrong: always a minute
def files(arrivals, interval):
    count, first = 0, None
    for time in arrivals:
        if first is None or time > first + 60:
            count, first = count + 1, time
    return count
