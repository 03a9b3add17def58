# %% blank
def break_even(shards):
    """Mean MB a second at which both modes cost the same."""
    return ...  # try it with break_even(4)


# %% solution
def break_even(shards):
    """Mean MB a second at which both modes cost the same."""
    ahead = provisioned(0, shards) - on_demand(0)
    slower = on_demand(1) - on_demand(0) - (provisioned(1, shards) - provisioned(0, shards))
    return ahead / slower


# %% right: by the hour
def break_even(shards):
    hourly = shards * prices.SHARD_HOUR - prices.ON_DEMAND_STREAM_HOUR
    gigabyte = prices.ON_DEMAND_GB_IN + prices.ON_DEMAND_GB_OUT - 1e6 * prices.PUT_UNIT
    return hourly / gigabyte * 1000 / 3600


# %% right: halves an interval
def break_even(shards):
    low, high = -100.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if on_demand(middle) < provisioned(middle, shards) else (low, middle)
        )
    return low


# %% right: rounded
def break_even(shards):
    start = on_demand(0) - provisioned(0, shards)
    after = on_demand(1) - provisioned(1, shards)
    return round(-start / (after - start), 4)


# %% wrong: always four shards
def break_even(shards):
    start = on_demand(0) - provisioned(0)
    return -start / (on_demand(1) - provisioned(1) - start)


# %% wrong: leaves out what is read
def break_even(shards):
    hourly = shards * prices.SHARD_HOUR - prices.ON_DEMAND_STREAM_HOUR
    return hourly / (prices.ON_DEMAND_GB_IN - 1e6 * prices.PUT_UNIT) * 1000 / 3600


# %% wrong: leaves out the records put
def break_even(shards):
    hourly = shards * prices.SHARD_HOUR - prices.ON_DEMAND_STREAM_HOUR
    return hourly / (prices.ON_DEMAND_GB_IN + prices.ON_DEMAND_GB_OUT) * 1000 / 3600


# %% wrong: leaves out the stream's hour
def break_even(shards):
    gigabyte = prices.ON_DEMAND_GB_IN + prices.ON_DEMAND_GB_OUT - 1e6 * prices.PUT_UNIT
    return shards * prices.SHARD_HOUR / gigabyte * 1000 / 3600


# %% wrong: gigabytes an hour
def break_even(shards):
    hourly = shards * prices.SHARD_HOUR - prices.ON_DEMAND_STREAM_HOUR
    return hourly / (prices.ON_DEMAND_GB_IN + prices.ON_DEMAND_GB_OUT - 1e6 * prices.PUT_UNIT)


# %% wrong: never below zero
def break_even(shards):
    start = on_demand(0) - provisioned(0, shards)
    after = on_demand(1) - provisioned(1, shards)
    return max(0, -start / (after - start))


# %% wrong: as a share of the shards
def break_even(shards):
    start = on_demand(0) - provisioned(0, shards)
    after = on_demand(1) - provisioned(1, shards)
    return -start / (after - start) / shards
