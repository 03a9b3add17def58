# %% blank
changed = clean.copy()
# spoil a delay here

answer = ...

# %% solution
changed = clean.copy()
row = changed["dep_delay"].idxmax()
changed.loc[row, "dep_delay"] += 1

answer = changed

# %% right: in place
clean.loc[10, "dep_delay"] += 1
answer = clean

# %% right: two delays change places
changed = clean.sort_values("event_id")
two = changed.index[changed["dep_delay"].isin([20, 40])][:2]
changed.loc[two, "dep_delay"] = changed.loc[two[::-1], "dep_delay"].to_numpy()
low, high = changed["dep_delay"].idxmin(), changed["dep_delay"].idxmax()
changed.loc[low, "dep_delay"] += 5
changed.loc[high, "dep_delay"] -= 5
answer = changed

# %% right: a delay goes missing
changed = clean.copy()
changed["dep_delay"] = changed["dep_delay"].astype(float)
changed.loc[changed["dep_delay"].eq(10).idxmax(), "dep_delay"] = float("nan")
answer = changed

# %% wrong: takes a flight out
answer = clean.iloc[1:]

# %% wrong: changes too much
changed = clean.copy()
changed["dep_delay"] += 1
answer = changed

# %% wrong: changes nothing
answer = clean.copy()

# %% wrong: changes another column
changed = clean.copy()
changed.loc[0, "arr_delay"] = 1
answer = changed

# %% wrong: the delay alone
answer = clean["dep_delay"] + 0

# %% wrong: changes the type only, in another order
answer = clean.assign(dep_delay=clean["dep_delay"].astype(float)).sort_values("flight")

# %% wrong: counts a flight twice
changed = pd.concat([clean, clean.tail(1)], ignore_index=True)
changed.loc[0, "dep_delay"] += 1
answer = changed

# %% wrong: without the columns that the function added
changed = clean[flights.columns()].copy()
changed.loc[0, "dep_delay"] += 1
answer = changed
