# %% blank
def usd(messages, per_call):
    """USD for sending, receiving and deleting."""
    return ...  # try it with usd(1_000_000, 10)


# %% solution
def usd(messages, per_call):
    """USD for sending, receiving and deleting."""
    return 3 * -(-messages // per_call) * prices.QUEUE_REQUEST


# %% right: math
import math


def usd(messages, per_call):
    return prices.QUEUE_REQUEST * sum(math.ceil(messages / per_call) for _ in range(3))


# %% right: divmod
def usd(messages, per_call):
    calls, rest = divmod(messages, per_call)
    return (calls + (rest > 0)) * prices.QUEUE_REQUEST * 3


# %% right: a range, by the million
def usd(messages, per_call):
    return len(range(0, messages, per_call)) * 3 * 0.4 / 1_000_000


# %% wrong: sends only
def usd(messages, per_call):
    return -(-messages // per_call) * prices.QUEUE_REQUEST


# %% wrong: one message in a call
def usd(messages, per_call):
    return 3 * messages * prices.QUEUE_REQUEST


# %% wrong: does not round
def usd(messages, per_call):
    return 3 * messages / per_call * prices.QUEUE_REQUEST


# %% wrong: rounds down
def usd(messages, per_call):
    return 3 * (messages // per_call) * prices.QUEUE_REQUEST


# %% wrong: a FIFO queue
def usd(messages, per_call):
    return 3 * -(-messages // per_call) * prices.FIFO_REQUEST


# %% wrong: sent together, then one by one
def usd(messages, per_call):
    return (-(-messages // per_call) + 2 * messages) * prices.QUEUE_REQUEST


# %% wrong: counts calls
def usd(messages, per_call):
    return 3 * -(-messages // per_call)
