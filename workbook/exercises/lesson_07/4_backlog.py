# %% blank
answer = ..., ...  # records that wait, seconds until none does

# %% solution
backlog = 300 * 40

answer = backlog, backlog / (360 - 300)

# %% right: a list of text
answer = ["12,000", "200"]

# %% right: second by second
waiting, seconds = 40 * 300, 0
while waiting > 0:
    waiting += 300 - 360
    seconds += 1
answer = pd.Series({"waiting": 40 * 300, "seconds": seconds})

# %% right: a ramp
import numpy as np

left = 12_000 - 60 * np.arange(500)
answer = np.array([left[0], (left > 0).sum()])

# %% wrong: nothing arrives any more
answer = 300 * 40, 300 * 40 / 360

# %% wrong: what the function can do
answer = 360 * 40, 360 * 40 / (360 - 300)

# %% wrong: as long as it took to build up
answer = 300 * 40, 40

# %% wrong: only what is too much
answer = (360 - 300) * 40, 40

# %% wrong: in minutes
answer = 300 * 40, 300 * 40 / 60 / 60

# %% wrong: the other way round
answer = 200, 12_000

# %% wrong: one number
answer = 12_000
