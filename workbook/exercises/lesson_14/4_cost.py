# %% blank
import math


def cost(megabytes):
    """USD for queries that read so many MB each."""
    return ...  # try it with cost([0.2, 250.5])


# %% solution
import math


def cost(megabytes):
    """USD for queries that read so many MB each."""
    billed = sum(max(math.ceil(mb), prices.ATHENA_LEAST_MB) for mb in megabytes)
    return billed / 1e6 * prices.ATHENA_TB


# %% right: pandas
def cost(megabytes):
    billed = pd.Series(megabytes, dtype="float").apply("ceil").clip(lower=prices.ATHENA_LEAST_MB)
    return billed.sum() * prices.ATHENA_TB / 1_000_000


# %% right: a loop
def cost(megabytes):
    usd = 0.0
    for mb in megabytes:
        whole = int(mb) + (mb > int(mb))
        usd += (whole if whole > 10 else 10) * 5e-6
    return usd


# %% wrong: without the least
import math


def cost(megabytes):
    return sum(math.ceil(mb) for mb in megabytes) / 1e6 * prices.ATHENA_TB


# %% wrong: the least of all together
import math


def cost(megabytes):
    return max(sum(math.ceil(mb) for mb in megabytes), 10) / 1e6 * prices.ATHENA_TB


# %% wrong: without rounding
def cost(megabytes):
    return sum(max(mb, 10) for mb in megabytes) / 1e6 * prices.ATHENA_TB


# %% wrong: in megabytes
import math


def cost(megabytes):
    return sum(max(math.ceil(mb), 10) for mb in megabytes)


# %% wrong: adds the least
import math


def cost(megabytes):
    return sum(math.ceil(mb) + 10 for mb in megabytes) / 1e6 * prices.ATHENA_TB


# %% wrong: by the gigabyte
import math


def cost(megabytes):
    return sum(max(math.ceil(mb), 10) for mb in megabytes) / 1e3 * prices.ATHENA_TB
