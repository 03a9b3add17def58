# %% blank
def missing(statements, needed):
    return ...


# %% solution
def missing(statements, needed):
    allowed = set()
    for statement in statements:
        action = statement["Action"]
        if statement["Effect"] == "Allow":
            allowed |= {action} if isinstance(action, str) else set(action)
    return needed - allowed


missing([read_input, write_logs], {"kinesis:GetRecords", "kinesis:PutRecords"})


# %% right: uses up the set that it is given
def missing(statements, needed):
    for statement in statements:
        if statement["Effect"] == "Allow":
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                needed.discard(action)
    return needed


# %% right: a list, action by action
def allows(statement, action):
    actions = statement["Action"]
    named = action == actions if isinstance(actions, str) else action in actions
    return named and statement["Effect"] != "Deny"


def missing(statements, needed):
    return [a for a in sorted(needed) if not any(allows(s, a) for s in statements)]


# %% right: pandas
def missing(statements, needed):
    table = pd.DataFrame(statements, columns=["Effect", "Action"]).explode("Action")
    return needed.difference(table.loc[table["Effect"] == "Allow", "Action"])


# %% wrong: makes a set of the letters of a text
def missing(statements, needed):
    allowed = set()
    for statement in statements:
        if statement["Effect"] == "Allow":
            allowed |= set(statement["Action"])
    return needed - allowed


# %% wrong: the other way round
def missing(statements, needed):
    allowed = set()
    for statement in statements:
        action = statement["Action"]
        allowed |= {action} if isinstance(action, str) else set(action)
    return allowed - needed


# %% wrong: does not look at Effect
def missing(statements, needed):
    allowed = set()
    for statement in statements:
        action = statement["Action"]
        allowed |= {action} if isinstance(action, str) else set(action)
    return needed - allowed


# %% wrong: nothing is ever missing
def missing(statements, needed):
    return set()


# %% wrong: a part of a name is enough
def missing(statements, needed):
    allowed = [s["Action"] for s in statements if s["Effect"] == "Allow"]
    return {n for n in needed if not any(n in str(action) for action in allowed)}


# %% wrong: only the first statement
def missing(statements, needed):
    for statement in statements:
        action = statement["Action"]
        if statement["Effect"] == "Allow":
            return needed - ({action} if isinstance(action, str) else set(action))


# %% wrong: what all statements allow
def missing(statements, needed):
    allowed = set(needed)
    for statement in statements:
        action = statement["Action"]
        if statement["Effect"] == "Allow":
            allowed &= {action} if isinstance(action, str) else set(action)
    return needed - allowed


# %% wrong: the statements instead of their actions
def missing(statements, needed):
    return [{"Action": action} for action in needed]
