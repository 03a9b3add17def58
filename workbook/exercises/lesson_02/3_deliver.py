# %% blank
def deliver(event):
    answer = handler.lambda_handler(event, events.LambdaContext())
    ...  # and if it reports a record, or raises handler.BadRecord?


# %% solution
def deliver(event):
    records, errors = event["Records"], 0
    while records:
        try:
            answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        except handler.BadRecord:
            errors += 1
            if errors == 3:
                records, errors = records[1:], 0
            continue
        reported = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        records = records[numbers.index(reported[0]) :] if reported else []


# %% right: a count for each record, and the event's own list used up
def deliver(event):
    errors, records = {}, event["Records"]
    while records:
        first = records[0]["kinesis"]["sequenceNumber"]
        try:
            answer = handler.lambda_handler(event, events.LambdaContext(30))
            reported = str(answer["batchItemFailures"])
            while records and records[0]["kinesis"]["sequenceNumber"] not in reported:
                records.pop(0)
        except handler.BadRecord:
            errors[first] = errors.get(first, 0) + 1
            del records[: errors[first] // 3]


# %% right: a function that calls itself, and any exception
from handler import lambda_handler


def deliver(event, errors=0):
    records = event["Records"]
    try:
        failures = records and lambda_handler(event, events.LambdaContext())["batchItemFailures"]
    except Exception:
        skip = errors == 2
        return deliver({"Records": records[skip:]}, 0 if skip else errors + 1)
    for place, record in enumerate(records):
        if failures and record["kinesis"]["sequenceNumber"] == failures[0]["itemIdentifier"]:
            return deliver({"Records": records[place:]})


# %% right: sequence numbers compared as numbers, and a loop of three
def deliver(event):
    left = list(event["Records"])
    while left:
        for _ in range(3):
            try:
                answer = handler.lambda_handler({"Records": left}, events.LambdaContext())
                failed = [int(f["itemIdentifier"]) for f in answer["batchItemFailures"]]
                numbers = [int(record["kinesis"]["sequenceNumber"]) for record in left]
                left = left[numbers.index(failed[0]) :] if failed else []
                break
            except handler.BadRecord:
                pass
        else:
            left = left[1:]


# %% wrong: the whole batch again
def deliver(event):
    for _ in range(3):
        answer = handler.lambda_handler(event, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return


# %% wrong: never gives up
def deliver(event):
    records = event["Records"]
    while records:
        try:
            answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        except handler.BadRecord:
            continue
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        records = records[numbers.index(answer["batchItemFailures"][0]["itemIdentifier"]) :]


# %% wrong: skips what is reported
def deliver(event):
    records = event["Records"]
    while records:
        answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
        records = records[bad + 1 :]


# %% wrong: calls once
def deliver(event):
    handler.lambda_handler(event, events.LambdaContext())


# %% wrong: no context
def deliver(event):
    handler.lambda_handler(event, None)


# %% wrong: three errors for all bad records together
def deliver(event):
    records, errors = event["Records"], 0
    while records:
        try:
            answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        except handler.BadRecord:
            errors += 1
            records = records[errors >= 3 :]
            continue
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        records = records[numbers.index(answer["batchItemFailures"][0]["itemIdentifier"]) :]


# %% wrong: gives up on the whole rest
def deliver(event):
    records = event["Records"]
    for _ in range(4):
        try:
            answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        except handler.BadRecord:
            continue
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        records = records[numbers.index(answer["batchItemFailures"][0]["itemIdentifier"]) :]


# %% wrong: does not call the handler
def deliver(event):
    retry_from = handler.process_batch(event["Records"])[1]
    return {"batchItemFailures": [{"itemIdentifier": retry_from}]}


# %% wrong: each record by itself
def deliver(event):
    for record in event["Records"]:
        for _ in range(3):
            try:
                handler.lambda_handler({"Records": [record]}, events.LambdaContext())
                break
            except handler.BadRecord:
                continue
