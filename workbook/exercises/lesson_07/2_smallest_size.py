# %% blank
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis

answer = ...

# %% solution
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis
sizes = range(1, 10_001)

answer = next(k for k in sizes if rate * (batch / k + record) / 1000 <= highest)

# %% right: solved for the size
import math

answer = math.ceil(experiment.batch_millis / (1000 * 0.8 / 70 - experiment.record_millis))

# %% right: a mask with an index of ellipsis
import numpy as np

sizes = np.arange(1, 10_001)
mask = 70 * (experiment.batch_millis / sizes + experiment.record_millis) <= 800
answer = sizes[mask[...]].min()

# %% right: a table, and text
sizes = pd.Series(range(1, 1001), index=range(1, 1001))
busy = 70 * (experiment.batch_millis / sizes + experiment.record_millis) / 1000
answer = str(busy[busy <= 0.8].index[0])

# %% wrong: not rounded
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis
answer = batch / (1000 * highest / rate - record)

# %% wrong: rounded down
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis
answer = int(batch / (1000 * highest / rate - record))

# %% wrong: a utilisation of 1
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis
answer = int(batch / (1000 / rate - record))

# %% wrong: one of the sizes that were measured
answer = 100

# %% wrong: a list of all that do
rate, highest = 70, 0.8
batch, record = experiment.batch_millis, experiment.record_millis
answer = [k for k in range(1, 10_001) if rate * (batch / k + record) / 1000 <= highest]

# %% wrong: leaves out the time of a record
rate, highest = 70, 0.8
answer = round(rate * experiment.batch_millis / 1000 / highest)

# %% wrong: as large as there is
answer = 10_000

# %% wrong: larger than there is
answer = 100_000
