# %% blank
answer = ...

# %% solution
answer = next(shards for shards in range(1, 100) if worth("dest", shards) >= 5_000)

# %% right: a loop
answer = 1
while worth("dest", answer) < 5_000:
    answer += 1

# %% right: the table that is there
answer = worths.index[worths["dest"].ge(5_000)].min()

# %% right: numpy, as text
import numpy as np

enough = np.array([worth("dest", shards) >= 5_000 for shards in range(1, 50)])
answer = f"{enough.argmax() + 1}"

# %% wrong: even shares
answer = 5_000 // 1_000

# %% wrong: from the worth of four
import math

answer = math.ceil(4 * 5_000 / worth("dest", 4))

# %% wrong: doubles each time
answer = 2
while worth("dest", answer) < 5_000:
    answer *= 2

# %% wrong: another key
answer = next(shards for shards in range(1, 100) if worth("tailnum", shards) >= 5_000)

# %% wrong: the records a second
answer = worth("dest", 11)

# %% wrong: one too few
answer = next(shards for shards in range(1, 100) if worth("dest", shards) >= 5_000) - 1

# %% wrong: none
answer = 0
