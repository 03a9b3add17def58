# %% blank
answer = ...

# %% solution
answer = sent.groupby(["window_start", "origin"]).ngroups

# %% right: distinct pairs
answer = len(sent[["origin", "window_start"]].drop_duplicates())

# %% right: a set
answer = len({(row.window_start, row.origin) for row in sent.itertuples()})

# %% right: the answers that two shards made
answer = str(per_airport.shape[0])

# %% wrong: the rows that there were
answer = len(counts)

# %% wrong: one for each airport
answer = sent.groupby("origin").ngroups

# %% wrong: one for each flight
answer = len(sent)

# %% wrong: one for each window
answer = sent["window_start"].nunique()

# %% wrong: each airport in each window
answer = sent["window_start"].nunique() * sent["origin"].nunique()

# %% wrong: the rows with a scheduled hour
answer = len(partials)

# %% wrong: the groups themselves
answer = sent.groupby(["window_start", "origin"]).size()
