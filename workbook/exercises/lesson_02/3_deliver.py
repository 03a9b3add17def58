# %% blank
def deliver(event):
    answer = handler.lambda_handler(event, events.LambdaContext())
    ...  # and if it reports a record?


# %% solution
def deliver(event):
    records, calls = event["Records"], 0
    while records:
        answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return
        calls += 1
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        records = records[numbers.index(answer["batchItemFailures"][0]["itemIdentifier"]) :]
        if calls == 3:
            records, calls = records[1:], 0


deliver(poisoned)


# %% right: a count for each record, and the event's own list used up
def deliver(event):
    tries = {}
    while event["Records"]:
        failures = handler.lambda_handler(event, events.LambdaContext(30))["batchItemFailures"]
        if not failures:
            break
        bad = failures[0]["itemIdentifier"]
        tries[bad] = tries.get(bad, 0) + 1
        while event["Records"][0]["kinesis"]["sequenceNumber"] != bad:
            event["Records"].pop(0)
        if tries[bad] == 3:
            event["Records"].pop(0)


# %% right: a function that calls itself
from handler import lambda_handler


def deliver(event, calls=1):
    failures = lambda_handler(event, events.LambdaContext())["batchItemFailures"]
    for place, record in enumerate(event["Records"]):
        if failures and record["kinesis"]["sequenceNumber"] == failures[0]["itemIdentifier"]:
            rest = event["Records"][place + (calls == 3) :]
            if rest:
                deliver({**event, "Records": rest}, calls % 3 + 1)
            return


# %% right: sequence numbers compared as numbers
def deliver(event):
    left, last, tries = list(event["Records"]), None, 0
    while left:
        answer = handler.lambda_handler({"Records": left}, events.LambdaContext())
        if answer == {"batchItemFailures": []}:
            break
        bad = int(answer["batchItemFailures"][0]["itemIdentifier"])
        tries = tries + 1 if bad == last else 1
        last = bad
        number = bad + (tries >= 3)
        left = [r for r in left if int(r["kinesis"]["sequenceNumber"]) >= number]


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
        answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
        records = records[bad:]


# %% wrong: skips the bad record at once
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


# %% wrong: three calls for all bad records together
def deliver(event):
    records, calls = event["Records"], 0
    while records:
        answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return
        calls += 1
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
        records = records[bad:]
        if calls >= 3:
            records = records[1:]


# %% wrong: gives up on the whole rest
def deliver(event):
    records = event["Records"]
    for _ in range(3):
        answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
        if not answer["batchItemFailures"]:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
        records = records[bad:]


# %% wrong: does not call the handler
def deliver(event):
    retry_from = handler.process_batch(event["Records"])[1]
    return {"batchItemFailures": [{"itemIdentifier": retry_from}]}
