# %% blank
def share_waiting(records):
    return ...  # a share, 0 to 1


# %% solution
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return (waited > pd.Timedelta(milliseconds=500)).mean()


share_waiting(records)


# %% right: seconds, and counts
def share_waiting(records):
    waited = (records["invoked"] - records["arrived"]).dt.total_seconds()
    return len(waited[waited > 0.5]) / len(waited)


# %% right: numpy
import numpy as np


def share_waiting(records):
    waited = records["invoked"].to_numpy() - records["arrived"].to_numpy()
    return np.mean(waited / np.timedelta64(1, "ms") > 500)


# %% right: a column more, rounded
def share_waiting(records):
    records["waited"] = (records["invoked"] - records["arrived"]) / pd.Timedelta("1ms")
    return round(records["waited"].gt(500).value_counts(normalize=True).get(True, 0.0), 3)


# %% wrong: how many
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return (waited > pd.Timedelta(milliseconds=500)).sum()


# %% wrong: seconds compared with milliseconds
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return (waited.dt.total_seconds() > 500).mean()


# %% wrong: the mean wait
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return waited.dt.total_seconds().mean()


# %% wrong: from the first attempt to send
def share_waiting(records):
    waited = records["invoked"] - records["sent"]
    return (waited > pd.Timedelta(milliseconds=500)).mean()


# %% wrong: the whole way
def share_waiting(records):
    return (records["latency_ms"] > 500).mean()


# %% wrong: until it was written
def share_waiting(records):
    waited = records["written"] - records["arrived"]
    return (waited > pd.Timedelta(milliseconds=500)).mean()


# %% wrong: those that did not wait
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return (waited <= pd.Timedelta(milliseconds=500)).mean()


# %% wrong: exactly half a second too
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return (waited >= pd.Timedelta(milliseconds=500)).mean()


# %% wrong: in per cent
def share_waiting(records):
    waited = records["invoked"] - records["arrived"]
    return 100 * (waited > pd.Timedelta(milliseconds=500)).mean()


# %% wrong: the seconds of the clock
def share_waiting(records):
    waited = records["invoked"].dt.second - records["arrived"].dt.second
    return (waited > 0.5).mean()


# %% wrong: the microseconds of the time
def share_waiting(records):
    return ((records["invoked"] - records["arrived"]).dt.microseconds > 500_000).mean()


# %% wrong: the notebook's waits, whatever it is given
def share_waiting(records):
    return (waits > 500).mean()
