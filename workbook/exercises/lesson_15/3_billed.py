# %% blank
def billed(sizes):
    """Bytes that are billed for records of these sizes."""
    return ...  # try it with billed([350, 1024, 1025])


# %% solution
def billed(sizes):
    """Bytes that are billed for records of these sizes."""
    return sum(-(-size // 1024) * 1024 for size in sizes)


# %% right: math
import math


def billed(sizes):
    return 1024 * sum(math.ceil(size / 1024) for size in sizes)


# %% right: pandas
def billed(sizes):
    return ((pd.Series(sizes, dtype="float") / 1024).apply("ceil") * 1024).sum()


# %% right: a loop that uses up the list
def billed(sizes):
    total = 0
    while sizes:
        size = sizes.pop()
        while size > 0:
            total += 1024
            size -= 1024
    return total


# %% wrong: rounds the sum
def billed(sizes):
    return -(-sum(sizes) // 1024) * 1024


# %% wrong: rounds down
def billed(sizes):
    return sum(size // 1024 * 1024 for size in sizes)


# %% wrong: one kilobyte too many at the edge
def billed(sizes):
    return sum((size // 1024 + 1) * 1024 for size in sizes)


# %% wrong: does not round
def billed(sizes):
    return sum(sizes)


# %% wrong: in kilobytes
def billed(sizes):
    return sum(-(-size // 1024) for size in sizes)


# %% wrong: kilobytes of 1,000 bytes
def billed(sizes):
    return sum(-(-size // 1000) * 1000 for size in sizes)


# %% wrong: one kilobyte for each record
def billed(sizes):
    return 1024 * len(sizes)
