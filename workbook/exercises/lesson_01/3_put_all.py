# %% blank
def put_all(client, entries):
    answer = client.put_records(StreamName=STREAM, Records=entries)
    ...  # and what was refused?


# %% solution
from random import uniform
from time import sleep


def put_all(client, entries):
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        if not entries:
            return
        sleep(uniform(0, 0.05 * 2**attempt))
    raise RuntimeError(f"{len(entries)} records were refused five times")


# %% right: recursion, and a pause of fixed length
import time


def put_all(client, entries, attempts=5):
    if attempts == 0:
        raise RuntimeError("refused five times")
    answer = client.put_records(StreamName=STREAM, Records=entries)
    if answer["FailedRecordCount"]:
        time.sleep(0.2)
        results = enumerate(answer["Records"])
        put_all(client, [entries[i] for i, r in results if "ErrorCode" in r], attempts - 1)


# %% right: while, for/else, and SequenceNumber
def put_all(client, entries):
    import time

    waiting, tries = list(entries), 0
    while waiting and tries < 5:
        if tries:
            time.sleep(0.1 * tries)
        got = client.put_records(StreamName=STREAM, Records=waiting)["Records"]
        waiting = [w for w, g in zip(waiting, got, strict=True) if not g.get("SequenceNumber")]
        tries += 1
    if waiting:
        raise RuntimeError(f"gave up on {waiting}")


# %% right: sleeps without time.sleep
from threading import Event


def put_all(client, entries):
    for _ in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if result.get("ErrorCode")]
        if not entries:
            return True
        Event().wait(0.02)
    raise RuntimeError("refused five times")


# %% wrong: sends all of them again
from time import sleep


def put_all(client, entries):
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        if not answer["FailedRecordCount"]:
            return
        sleep(0.05 * 2**attempt)
    raise RuntimeError("refused five times")


# %% wrong: does not look at the second answer
def put_all(client, entries):
    answer = client.put_records(StreamName=STREAM, Records=entries)
    results = zip(entries, answer["Records"], strict=True)
    if refused := [entry for entry, result in results if "ErrorCode" in result]:
        client.put_records(StreamName=STREAM, Records=refused)


# %% wrong: never gives up
from time import sleep


def put_all(client, entries):
    while entries:
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        sleep(0.1)


# %% wrong: gives up in silence
from time import sleep


def put_all(client, entries):
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        if not entries:
            return
        sleep(0.05 * 2**attempt)


# %% wrong: gives up after three attempts
from time import sleep


def put_all(client, entries):
    for attempt in range(3):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        if not entries:
            return
        sleep(0.05 * 2**attempt)
    raise RuntimeError("refused three times")


# %% wrong: ignores the client that it is given
def put_all(client, entries):
    kinesis.put_records(StreamName=STREAM, Records=entries)


# %% wrong: does not pause
def put_all(client, entries):
    for _ in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        if not entries:
            return
    raise RuntimeError("refused five times")


# %% wrong: empties the list that it is given
from time import sleep


def put_all(client, entries):
    for attempt in range(5):
        results = client.put_records(StreamName=STREAM, Records=entries)["Records"]
        refused = zip(list(entries), results, strict=True)
        entries[:] = [entry for entry, result in refused if "ErrorCode" in result]
        if not entries:
            return
        sleep(0.05 * 2**attempt)
    raise RuntimeError("refused five times")


# %% wrong: knows one error code only
from time import sleep

THROTTLED = "ProvisionedThroughputExceededException"


def put_all(client, entries):
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if result.get("ErrorCode") == THROTTLED]
        if not entries:
            return
        sleep(0.05 * 2**attempt)
    raise RuntimeError("refused five times")


# %% wrong: raises although the fifth attempt succeeds
from time import sleep


def put_all(client, entries):
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=entries)
        results = zip(entries, answer["Records"], strict=True)
        entries = [entry for entry, result in results if "ErrorCode" in result]
        if attempt == 4:
            raise RuntimeError("refused five times")
        if not entries:
            return
        sleep(0.05 * 2**attempt)


# %% wrong: puts the notebook's entries
from time import sleep


def put_all(client, entries):
    waiting = again
    for attempt in range(5):
        answer = client.put_records(StreamName=STREAM, Records=waiting)
        results = zip(waiting, answer["Records"], strict=True)
        waiting = [entry for entry, result in results if "ErrorCode" in result]
        if not waiting:
            return
        sleep(0.05 * 2**attempt)
    raise RuntimeError("refused five times")


# %% wrong: puts them one by one
def put_all(client, entries):
    waiting = list(entries)
    for _ in range(5):
        refused = []
        for entry in waiting:
            try:
                client.put_record(StreamName=STREAM, **entry)
            except client.exceptions.ProvisionedThroughputExceededException:
                refused.append(entry)
        waiting = refused
    if waiting:
        raise RuntimeError("refused five times")
