# %% blank
answer = ...

# %% solution
waits = range(0, 1_000, 10)
answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.001)

# %% right: a loop over counts, as text
answer = 0
while 1000 * (after_end >= answer).sum() >= len(after_end):
    answer += 10
answer = f"{answer}"

# %% right: the quantile, rounded up
import math

ordered = np.sort(after_end)
last = ordered[len(ordered) - math.ceil(len(ordered) / 1000)]
answer = pd.Timedelta(minutes=10 * math.ceil((last + 1) / 10))

# %% right: a duration of Python
from datetime import timedelta

waits = [10 * tens for tens in range(100)]
answer = timedelta(minutes=min(wait for wait in waits if 1000 * (after_end >= wait).mean() < 1))

# %% right: pandas
waits = pd.Series(range(0, 600, 10))
misses = waits.map(lambda wait: np.mean(after_end >= wait))
answer = waits[misses < 0.001].min()

# %% wrong: ten per cent
waits = range(0, 1_000, 10)
answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.1)

# %% wrong: the age of the flights
waits = range(0, 1_000, 10)
answer = next(wait for wait in waits if (age > wait).mean() < 0.001)

# %% wrong: as far as the table goes
answer = trade["wait"].max()

# %% wrong: none misses
waits = range(0, 2_000, 10)
answer = next(wait for wait in waits if (after_end >= wait).sum() == 0)

# %% wrong: to the minute
waits = range(0, 1_000)
answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.001)

# %% wrong: in hours
waits = range(0, 1_000, 10)
answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.001) / 60

# %% wrong: the first one too short
waits = range(0, 1_000, 10)
answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.001) - 10
