"""The time until something is ready: the local AWS, a first result, a server."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from benchmarks import peers
from benchmarks.measure import Aim, Contest, Result, Sizes
from workbook.localaws import READY

IMPORTS = ("import boto3, pandas", "import boto3, pandas")
CONNECT = "from workbook import target\naws = target.connect('local')\n"
FIRST_RESULT = f"""{CONNECT}
import pandas as pd
from workbook import deployment, reader
kinesis = aws.client("kinesis")
deployment.create_stream(kinesis, "first")
kinesis.put_record(StreamName="first", PartitionKey="one", Data=b'{{"x": 1}}')
print(reader.read_stream(aws, "first", progress=False))
"""


def measure(sizes: Sizes) -> Iterator[Result]:
    """Time new processes."""
    floor = (IMPORTS[0], partial(python, IMPORTS[1]))
    for work, code, aim in (
        ("`target.connect()` in a new Python, and its end", CONNECT, 1.0),
        ("a stream made, a record put and read as a DataFrame", FIRST_RESULT, 2.0),
    ):
        yield Contest("Start", work, "s", partial(python, code), {}, floor, (Aim(aim),)).run(
            sizes.rounds
        )
    there = [name for name in peers.STREAMS if peers.installed(name)]
    yield Contest(
        "Start",
        "`workbook serve` ready, peers answering",
        "s",
        serve,
        {name: partial(peer, name) for name in there},
        floor,
        (Aim(1.0),),
    ).run(sizes.rounds)


def python(code: str) -> float:
    """Return the seconds that a new Python process takes to run some code."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - began


def serve() -> float:
    """Return the seconds until the command says that it is ready."""
    command = [sys.executable, "-m", "workbook", "serve", "--port", str(peers.free_port())]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.terminate()
    assert line.startswith(READY), line
    return seconds


def peer(name: str) -> float:
    """Return the seconds until a peer responds to a first request."""
    began = time.perf_counter()
    with peers.started(name):
        return time.perf_counter() - began
