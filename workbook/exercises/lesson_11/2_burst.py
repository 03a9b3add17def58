# %% blank
answer = ...

# %% solution
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    shards=2,
    mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
)

# %% right: the first experiment, with other values
import math

burst = {"records": 400, "rate": math.inf, "key": "carrier", "shards": 2}
answer = experiment.vary(**burst, BatchSize=50, MaximumBatchingWindowInSeconds=2)

# %% right: with the default of a setting, and another seed
import numpy as np

sent = lab.Workload(records=400, rate=np.inf, key="carrier", seed=7)
mapping = {"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2}
answer = lab.Experiment(workload=sent, shards=2, mapping={**deployment.MAPPING, **mapping})

# %% right: dataclasses.replace
from dataclasses import replace

load = replace(workload, records=400, rate=float("inf"), key="carrier")
settings = {"MaximumBatchingWindowInSeconds": 2, "BatchSize": 50}
answer = replace(experiment, workload=load, shards=2, mapping=settings, batch_millis=0)

# %% wrong: the workload alone
answer = lab.Workload(records=400, rate=float("inf"), key="carrier")

# %% wrong: within a second
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=400, key="carrier"),
    shards=2,
    mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
)

# %% wrong: without the window
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    shards=2,
    mapping={"BatchSize": 50},
)

# %% wrong: the age of records for the window
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    shards=2,
    mapping={"BatchSize": 50, "MaximumRecordAgeInSeconds": 60},
)

# %% wrong: the age of records too
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    shards=2,
    mapping={
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "MaximumRecordAgeInSeconds": 60,
    },
)

# %% wrong: some of it is poison
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier", poison_every=50),
    shards=2,
    mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
)

# %% wrong: one shard
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
)

# %% wrong: another key
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf")),
    shards=2,
    mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
)

# %% wrong: the numbers change places
answer = lab.Experiment(
    workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
    shards=2,
    mapping={"BatchSize": 2, "MaximumBatchingWindowInSeconds": 50},
)

# %% wrong: some invocations fail
answer = experiment.vary(
    rate=float("inf"),
    key="carrier",
    shards=2,
    transient=0.4,
    BatchSize=50,
    MaximumBatchingWindowInSeconds=2,
)
