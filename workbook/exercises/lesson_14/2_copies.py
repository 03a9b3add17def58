# %% blank
answer = ...  # a query as a string; before the clean-up, try it with ask(answer)

# %% solution
answer = """
    SELECT flight_date, count(*) - count(DISTINCT event_id) AS copies
    FROM flights GROUP BY flight_date ORDER BY flight_date
"""

# %% right: flight by flight
answer = """
    SELECT flight_date, sum(n - 1) FROM (
        SELECT flight_date, event_id, count(*) AS n FROM flights GROUP BY ALL
    ) GROUP BY 1
"""

# %% right: numbered rows
answer = """
    WITH numbered AS (
        SELECT *, row_number() OVER (PARTITION BY event_id) AS nth FROM flights
    )
    SELECT flight_date AS day, count_if(nth > 1) AS surplus FROM numbered GROUP BY day;
"""

# %% right: with ONCE
answer = f"""
    SELECT flight_date, every.n - single.n
    FROM (SELECT flight_date, count(*) AS n FROM flights GROUP BY flight_date) AS every
    JOIN (SELECT flight_date, count(*) AS n FROM ({ONCE}) GROUP BY flight_date) AS single
    USING (flight_date)
"""

# %% wrong: two copies at least
answer = """
    SELECT flight_date, sum(CASE WHEN n > 2 THEN n - 1 ELSE 0 END) FROM (
        SELECT flight_date, event_id, count(*) AS n FROM flights GROUP BY ALL
    ) GROUP BY flight_date
"""

# %% wrong: the number first
answer = "SELECT count(*) - count(DISTINCT event_id), flight_date FROM flights GROUP BY flight_date"

# %% wrong: all rows
answer = "SELECT flight_date, count(*) FROM flights GROUP BY flight_date"

# %% wrong: the flights
answer = "SELECT flight_date, count(DISTINCT event_id) FROM flights GROUP BY flight_date"

# %% wrong: by the sequence number
answer = """
    SELECT flight_date, count(*) - count(DISTINCT source_sequence_number)
    FROM flights GROUP BY flight_date
"""

# %% wrong: flights that have copies
answer = """
    SELECT flight_date, count_if(n > 1) FROM (
        SELECT flight_date, event_id, count(*) AS n FROM flights GROUP BY ALL
    ) GROUP BY flight_date
"""

# %% wrong: leaves out days
answer = """
    SELECT flight_date, count(*) - count(DISTINCT event_id) AS copies
    FROM flights GROUP BY flight_date HAVING copies > 0
"""

# %% wrong: one number
answer = "SELECT count(*) - count(DISTINCT event_id) FROM flights"

# %% wrong: not SQL
answer = "SELECT flight_date, copies FROM flights"

# %% wrong: the answer instead of the query
answer = {"2013-01-01": 0}
