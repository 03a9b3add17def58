# %% blank
answer = ...  # the pattern, such as {"data": {"origin": ["EWR"]}}

# %% solution
answer = {"data": {"origin": ["LGA", "JFK"], "dep_delay": [None]}}

# %% right: all but the third airport
answer = {"data": {"dep_delay": [None], "origin": [{"anything-but": ["EWR"]}]}}

# %% right: JSON, and small letters
answer = json.dumps(
    {"data": {"origin": [{"equals-ignore-case": "lga"}, {"prefix": "J"}], "dep_time": [None]}}
)

# %% right: two patterns, as a mapping takes them
cancelled = {"dep_delay": [None]}
answer = [{"data": {"origin": ["LGA"], **cancelled}}, {"data": {"origin": ["JFK"], **cancelled}}]

# %% right: $or
answer = {"data": {"$or": [{"origin": ["LGA"]}, {"origin": ["JFK"]}], "dep_delay": [None]}}

# %% wrong: without data
answer = {"origin": ["LGA", "JFK"], "dep_delay": [None]}

# %% wrong: null as text
answer = {"data": {"origin": ["LGA", "JFK"], "dep_delay": ["null"]}}

# %% wrong: one of the two is enough
answer = {"data": {"$or": [{"origin": ["LGA", "JFK"]}, {"dep_delay": [None]}]}}

# %% wrong: no lists
answer = {"data": {"origin": "LGA", "dep_delay": None}}

# %% wrong: one airport
answer = {"data": {"origin": ["LGA"], "dep_delay": [None]}}

# %% wrong: no delay
answer = {"data": {"origin": ["LGA", "JFK"], "dep_delay": [0]}}

# %% wrong: a field of the output
answer = {"data": {"origin": ["LGA", "JFK"], "delay_class": ["cancelled"]}}

# %% wrong: an operator that there is not
answer = {"data": {"origin": [{"one-of": ["LGA", "JFK"]}], "dep_delay": [None]}}

# %% wrong: a prefix with two values
answer = {"data": {"origin": [{"prefix": ["L", "J"]}], "dep_delay": [None]}}

# %% wrong: small letters, which match nothing
answer = {"data": {"origin": ["lga", "jfk"], "dep_delay": [None]}}


# %% wrong: no pattern at all
answer = []
