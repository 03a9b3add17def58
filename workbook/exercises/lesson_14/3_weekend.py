# %% blank
answer = ...  # a query as a string; before the clean-up, try it with ask_once(answer)

# %% solution
answer = "SELECT 1.0 * count_if(weekend) / count(weekend) FROM flights"

# %% right: a mean
answer = (
    "SELECT avg(CASE WHEN weekend THEN 1.0 WHEN NOT weekend THEN 0.0 END) AS share FROM flights"
)

# %% right: a condition
answer = "SELECT avg(CAST(weekend AS INT)) FROM flights WHERE weekend IS NOT NULL;"

# %% right: a filter
answer = """
    SELECT CAST(count(*) FILTER (weekend) AS DOUBLE) / count(*) FILTER (weekend IS NOT NULL)
    FROM flights
"""

# %% wrong: of all flights
answer = "SELECT 1.0 * count_if(weekend) / count(*) FROM flights"

# %% wrong: how many are known
answer = "SELECT 1.0 * count(weekend) / count(*) FROM flights"

# %% wrong: a number of flights
answer = "SELECT count_if(weekend) FROM flights"

# %% wrong: the other days
answer = "SELECT 1.0 - avg(CAST(weekend AS INT)) FROM flights"

# %% wrong: unknown counts as weekend
answer = "SELECT avg(CAST(coalesce(weekend, true) AS INT)) FROM flights"

# %% wrong: in per cent
answer = "SELECT 100.0 * count_if(weekend) / count(weekend) FROM flights"

# %% wrong: a row for each day
answer = "SELECT flight_date, avg(CAST(weekend AS INT)) FROM flights GROUP BY flight_date"
