# %% blank
def messages(data):
    return ...  # try it with messages(captured["log"]["Data"])


# %% solution
def messages(data):
    document = json.loads(gzip.decompress(data))
    if document["messageType"] == "CONTROL_MESSAGE":
        return []
    return [event["message"] for event in document["logEvents"]]


messages(captured["log"]["Data"])


# %% right: a generator, and the owner instead of the type
import io


def messages(data):
    with gzip.open(io.BytesIO(data), "rt") as file:
        document = json.load(file)
    events = [] if document["owner"] == "CloudwatchLogs" else document["logEvents"]
    yield from (event["message"] for event in events)


# %% right: pandas, and zlib
import zlib

import pandas as pd


def messages(data):
    document = json.loads(zlib.decompress(data, 31))
    table = pd.DataFrame(document["logEvents"])
    return table.loc[table["id"] != "", "message"]


# %% right: a tuple, without the ends of the lines
def messages(data):
    document = json.loads(gzip.decompress(data))
    is_data = document["messageType"] == "DATA_MESSAGE"
    return tuple(event["message"].strip() for event in document["logEvents"] if is_data)


# %% wrong: the control message too
def messages(data):
    return [event["message"] for event in json.loads(gzip.decompress(data))["logEvents"]]


# %% wrong: only the first line
def messages(data):
    document = json.loads(gzip.decompress(data))
    is_data = document["messageType"] == "DATA_MESSAGE"
    return [document["logEvents"][0]["message"]] if is_data else []


# %% wrong: the events
def messages(data):
    document = json.loads(gzip.decompress(data))
    return document["logEvents"] if document["messageType"] == "DATA_MESSAGE" else []


# %% wrong: the parsed lines
def messages(data):
    document = json.loads(gzip.decompress(data))
    is_data = document["messageType"] == "DATA_MESSAGE"
    return [json.loads(event["message"]) for event in document["logEvents"] if is_data]


# %% wrong: nothing for a control message
def messages(data):
    document = json.loads(gzip.decompress(data))
    if document["messageType"] == "DATA_MESSAGE":
        return [event["message"] for event in document["logEvents"]]


# %% wrong: one string
def messages(data):
    document = json.loads(gzip.decompress(data))
    return "".join(event["message"] for event in document["logEvents"])


# %% wrong: parsed lines only
def messages(data):
    document = json.loads(gzip.decompress(data))
    lines = [event["message"] for event in document["logEvents"]]
    return [line for line in lines if line.startswith("{")]


# %% wrong: newest first
def messages(data):
    document = json.loads(gzip.decompress(data))
    is_data = document["messageType"] == "DATA_MESSAGE"
    return [event["message"] for event in reversed(document["logEvents"])] if is_data else []
