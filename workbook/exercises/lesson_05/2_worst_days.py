# %% blank
def worst_days(table):
    return ..., ...  # day of most cancelled flights, day of the longest mean delay


# %% solution
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].mean()
    return cancelled.idxmax(), delay.idxmax()


worst_days(clean)


# %% right: dates of a datetime, as a list
def worst_days(table):
    days = table["time_hour"].dt.tz_convert("America/New_York").dt.date
    lost = table.loc[table["delay_class"] == "cancelled"].groupby(days).size()
    return [lost.idxmax(), table["dep_delay"].astype(float).groupby(days).mean().idxmax()]


# %% right: loops
from statistics import mean


def worst_days(table):
    cancelled, delays = {}, {}
    for day, delay in zip(table["day"], table["dep_delay"], strict=True):
        if pd.isna(delay):
            cancelled[day] = cancelled.get(day, 0) + 1
        else:
            delays.setdefault(day, []).append(int(delay))
    return max(cancelled, key=cancelled.get), max(delays, key=lambda day: mean(delays[day]))


# %% right: without a time of departure, sorted
def worst_days(table):
    cancelled = table.loc[table["dep_time"].isna(), "day"].value_counts()
    delays = table.groupby("day")["dep_delay"].mean().sort_values()
    return cancelled.index[0], delays.index[-1]


# %% right: days as text
def worst_days(table):
    day = table["month"].map("2013-{:02}".format) + table["day"].map("-{:02}".format)
    by_day = table.assign(day=day).groupby("day")
    found = by_day.agg({"delay_class": lambda kinds: (kinds == "cancelled").sum()}).idxmax()
    return found["delay_class"], by_day["dep_delay"].mean().sort_values().index[-1]


# %% right: periods
def worst_days(table):
    local = table["time_hour"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    days = local.dt.to_period("D")
    cancelled = table["delay_class"].eq("cancelled").groupby(days).sum()
    return cancelled.idxmax(), table["dep_delay"].groupby(days).mean().idxmax()


# %% wrong: the values instead of the days
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].mean()
    return cancelled.max(), delay.max()


# %% wrong: the other way round
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].mean()
    return delay.idxmax(), cancelled.idxmax()


# %% wrong: the longest delay of one flight
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].max()
    return cancelled.idxmax(), delay.idxmax()


# %% wrong: the longest delay in all
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].sum()
    return cancelled.idxmax(), delay.idxmax()


# %% wrong: a cancelled flight as one without a delay
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table["dep_delay"].fillna(0).groupby(table["day"]).mean()
    return cancelled.idxmax(), delay.idxmax()


# %% wrong: the largest share of cancelled flights
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).mean()
    delay = table.groupby("day")["dep_delay"].mean()
    return cancelled.idxmax(), delay.idxmax()


# %% wrong: the busiest day
def worst_days(table):
    delay = table.groupby("day")["dep_delay"].mean()
    return table["day"].value_counts().idxmax(), delay.idxmax()


# %% wrong: the median
def worst_days(table):
    cancelled = table["delay_class"].eq("cancelled").groupby(table["day"]).sum()
    delay = table.groupby("day")["dep_delay"].median()
    return cancelled.idxmax(), delay.idxmax()


# %% wrong: the same day twice
def worst_days(table):
    delay = table.groupby("day")["dep_delay"].mean()
    return delay.idxmax(), delay.idxmax()
