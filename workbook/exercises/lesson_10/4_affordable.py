# %% blank
def affordable(budget, shards, gb):
    return ...


# %% solution
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return min(20, int(budget / each))


# %% right: floor division
def affordable(budget, shards, gb):
    return min(budget // (730 * 0.015 * shards + 0.013 * gb), 20)


# %% right: one consumer after the other
def affordable(budget, shards, gb):
    count = 0
    while count < 20:
        budget -= 730 * shards * prices.CONSUMER_SHARD_HOUR + gb * prices.CONSUMER_GB
        if budget < 0:
            break
        count += 1
    return count


# %% right: a month of 30 days
def affordable(budget, shards, gb):
    hours = 24 * 30
    usd = [(hours * shards * 0.015 + gb * 0.013) * n for n in range(21)]
    return max(n for n in range(21) if usd[n] <= budget)


# %% wrong: more than there may be
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return int(budget / each)


# %% wrong: one shard
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR + gb * prices.CONSUMER_GB
    return min(20, int(budget / each))


# %% wrong: no data
def affordable(budget, shards, gb):
    return min(20, int(budget / (HOURS * prices.CONSUMER_SHARD_HOUR * shards)))


# %% wrong: rounds
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return min(20, round(budget / each))


# %% wrong: a year of hours
def affordable(budget, shards, gb):
    each = 24 * 365 * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return min(20, int(budget / each))


# %% wrong: one hour
def affordable(budget, shards, gb):
    each = prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return min(20, int(budget / each))


# %% wrong: the data of each shard
def affordable(budget, shards, gb):
    each = (HOURS * prices.CONSUMER_SHARD_HOUR + gb * prices.CONSUMER_GB) * shards
    return min(20, int(budget / each))


# %% wrong: at least one
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return max(1, min(20, int(budget / each)))


# %% wrong: parts of consumers
def affordable(budget, shards, gb):
    each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
    return min(20, budget / each)
