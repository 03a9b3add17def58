# %% blank
ordered = raw.sort_values("arrival_time")
first = ordered.drop_duplicates("event_id").set_index("event_id").sort_index()

answer = ...  # the names of the columns that differ, as a list

# %% solution
ordered = raw.sort_values("arrival_time")
first = ordered.drop_duplicates("event_id").set_index("event_id").sort_index()
last = ordered.drop_duplicates("event_id", keep="last")
last = last.set_index("event_id").sort_index()

answer = [name for name in first if not first[name].equals(last[name])]

# %% right: compare, which gives an Index
ordered = raw.sort_values("arrival_time").set_index("event_id")
first = ordered[~ordered.index.duplicated()].sort_index()
last = ordered[~ordered.index.duplicated(keep="last")].sort_index()
answer = first.compare(last).columns.get_level_values(0).unique()

# %% right: groupby, and missing values made equal
groups = raw.sort_values("arrival_time").astype(object).fillna("none").groupby("event_id")
answer = {name for name in raw.columns.drop("event_id") if (groups[name].nunique() > 1).any()}

# %% right: a mask, as a Series of true and false
ordered = raw.sort_values("arrival_time").astype(object).fillna("none")
first = ordered.drop_duplicates("event_id").set_index("event_id")
last = ordered.drop_duplicates("event_id", keep="last").set_index("event_id")
differ = (first != last.loc[first.index]).any()
answer = differ[differ].index.to_series()

# %% wrong: keeps the first copies twice
first = raw.drop_duplicates("event_id").set_index("event_id").sort_index()
last = raw.drop_duplicates("event_id").set_index("event_id").sort_index()
answer = [name for name in first if not first[name].equals(last[name])]

# %% wrong: compares rows in different orders
ordered = raw.sort_values("arrival_time")
first = ordered.drop_duplicates("event_id")
last = ordered.drop_duplicates("event_id", keep="last")
answer = [name for name in first if not first[name].equals(last[name])]

# %% wrong: takes missing values for different ones
ordered = raw.sort_values("arrival_time").set_index("event_id", drop=False)
first = ordered.drop_duplicates("event_id").sort_index()
last = ordered.drop_duplicates("event_id", keep="last").sort_index()
answer = [name for name in ["tailnum"] if (first[name] != last[name]).any()]

# %% wrong: one of them
answer = ["sequence_number"]

# %% wrong: a column of another name
answer = ["sequence_number", "arrived", "source_sequence_number"]

# %% wrong: one name as text
answer = "sequence_number"

# %% wrong: all that belong to the record
answer = ["sequence_number", "arrival_time", "source_sequence_number", "shard_id"]

# %% wrong: those that are the same
ordered = raw.sort_values("arrival_time")
first = ordered.drop_duplicates("event_id").set_index("event_id").sort_index()
last = ordered.drop_duplicates("event_id", keep="last").set_index("event_id").sort_index()
answer = [name for name in first if first[name].equals(last[name])]
