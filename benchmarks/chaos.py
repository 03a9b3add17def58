"""Kill a pipeline's function processes under load, while shards split and are throttled.

Run ``python -m benchmarks.chaos [seconds]``.  Exit with 1 if a record is lost, if records of a key
were first processed in another order than they were put, or if the run shows too little: fewer
signals than ``KILLS_PER_MINUTE``, no resharding or no throttling.
"""

import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
from botocore.exceptions import ClientError
from tqdm.auto import tqdm

from workbook import deployment, target
from workbook.target import Aws
from workbook.waiting import NotReadyError, wait_until

PRODUCERS = 4
KEYS = 5  # for each producer
HEAVY = 0  # the producer whose records exceed what the shards accept, so that all are throttled
HEAVY_BYTES = 100_000
READERS = 3  # that compete with the mapping
KILLS_PER_MINUTE = 100
KILL_SECONDS = 0.5  # between signals; some reach a process that has just ended
RESHARD_SECONDS = 7
PUTS_THROTTLED, READS_THROTTLED, RESHARDED = "puts throttled", "reads throttled", "resharded"
SHARDS = (2, 4)  # numbers between which the stream alternates
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGSTOP]
FAILING = 0.05  # share of invocations that end with an error
THROTTLED = ("ProvisionedThroughputExceededException", "LimitExceededException")
CODE = f"""
import base64, json, random, time

def handler(event, context):
    done = [json.loads(base64.b64decode(one["kinesis"]["data"])) for one in event["Records"]]
    for _ in done:
        sum(range(20_000))  # so that there is something to kill
    if random.random() < {FAILING}:
        raise RuntimeError("by chance")
    print(json.dumps({{"done": done, "at": time.time_ns()}}))
"""


def main(seconds: float) -> int:
    """Run for some seconds, wait until all is processed, and print the fate of the records."""
    events: Counter[str] = Counter()
    put: dict[str, int] = dict.fromkeys(
        (f"{producer}.{key}" for producer in range(PRODUCERS) for key in range(KEYS)), 0
    )
    with target.connect() as aws:
        (server,) = psutil.Process().children()
        deploy(aws)
        ending = threading.Event()
        work: list[Callable[[], None]] = [
            *(partial(produce, aws, name, put, events) for name in range(PRODUCERS)),
            Killer(server, events),
            partial(reshard, aws, events),
            *[partial(crowd, aws, events)] * READERS,
        ]
        threads = [threading.Thread(target=repeat, args=(one, ending)) for one in work]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for _ in tqdm(range(round(seconds)), unit=" s", desc="chaos"):
            ending.wait(1)
        ending.set()
        signals = sum(events[one.name] for one in SIGNALS)
        pace = 60 * signals / (time.monotonic() - begun)
        for thread in threads:
            thread.join()
        resume(server)
        found = processed(aws, put)
        deployment.clean_up(aws)
    lost = sum(len(set(range(count)) - set(found[key])) for key, count in put.items())
    disordered = sum(list(dict.fromkeys(found[key])) != sorted(set(found[key])) for key in put)
    twice = sum(len(numbers) - len(set(numbers)) for numbers in found.values())
    print(f"{sum(put.values()):,} records of {len(put)} keys; {dict(events)}")
    print(f"{signals} signals, {pace:.0f} a minute")
    print(f"{lost} lost, {disordered} keys out of order, {twice:,} processed again")
    shown = pace >= KILLS_PER_MINUTE and events[RESHARDED] and events[PUTS_THROTTLED]
    return 0 if shown and events[READS_THROTTLED] and not lost and not disordered else 1


def deploy(aws: Aws) -> None:
    """Create the stream, the function and its mapping, which gives nothing up."""
    kinesis = aws.client("kinesis")
    arn = deployment.create_stream(kinesis, deployment.INPUT_STREAM, SHARDS[0])
    role = deployment.create_role(aws.client("iam"), deployment.policy(arn, arn))
    deployment.create_log_group(aws.client("logs"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.py")
        path.write_text(CODE, "utf-8")
        package = deployment.package(path)
    deployment.create_function(aws, role, package, Handler="app.handler", Timeout=3)
    deployment.create_mapping(aws, arn, BatchSize=50, ParallelizationFactor=2)


def repeat(act: Callable[[], None], ending: threading.Event) -> None:
    """Repeat an action until the end; ignore refusals."""
    while not ending.is_set():
        act()


def produce(aws: Aws, name: int, put: dict[str, int], events: Counter[str]) -> None:
    """Put the next record for each key of a producer; retry it until it is accepted."""
    kinesis = aws.client("kinesis")
    for number in range(KEYS):
        key = f"{name}.{number}"
        text = json.dumps([key, put[key]]).ljust(HEAVY_BYTES if name == HEAVY else 0)
        record = {"PartitionKey": key, "Data": text.encode()}
        while True:
            try:
                answer = kinesis.put_record(StreamName=deployment.INPUT_STREAM, **record)
            except ClientError as error:
                if error.response["Error"]["Code"] not in THROTTLED:
                    raise
                events[PUTS_THROTTLED] += 1 + error.response["ResponseMetadata"]["RetryAttempts"]
            else:
                break
        events[PUTS_THROTTLED] += answer["ResponseMetadata"]["RetryAttempts"]
        put[key] += 1


class Killer:
    """Sends a signal to one of the processes in which the function runs, at a steady pace.

    Args:
        server: the local AWS.
        events: counts the signals, by their names.
    """

    def __init__(self, server: psutil.Process, events: Counter[str]) -> None:
        self._server = server
        self._events = events
        self._due = time.monotonic()

    def __call__(self) -> None:
        """Send the next signal, when it is due."""
        self._due += KILL_SECONDS
        time.sleep(max(0.0, self._due - time.monotonic()))  # the pace that is measured
        resume(self._server)
        processes = self._server.children(recursive=True)
        if processes:
            chosen = random.choice(SIGNALS)
            try:
                random.choice(processes).send_signal(chosen)
                self._events[chosen.name] += 1
            except psutil.NoSuchProcess:
                self._events["signals too late"] += 1


def resume(server: psutil.Process) -> None:
    """Resume stopped processes; most of them have exceeded their timeout by then."""
    for process in server.children(recursive=True):
        try:
            process.resume()
        except psutil.NoSuchProcess:
            continue


def reshard(aws: Aws, events: Counter[str]) -> None:
    """Split and merge shards."""
    time.sleep(RESHARD_SECONDS)  # the pace that is measured
    wanted = SHARDS[1] if events[RESHARDED] % 2 == 0 else SHARDS[0]
    try:
        aws.client("kinesis").update_shard_count(
            StreamName=deployment.INPUT_STREAM,
            TargetShardCount=wanted,
            ScalingType="UNIFORM_SCALING",
        )
        events[RESHARDED] += 1
    except ClientError as error:
        events[f"not resharded: {error.response['Error']['Code']}"] += 1


def crowd(aws: Aws, events: Counter[str]) -> None:
    """Read every shard so often that the mapping is throttled too."""
    kinesis = aws.client("kinesis")
    for shard in kinesis.list_shards(StreamName=deployment.INPUT_STREAM)["Shards"]:
        try:
            iterator = kinesis.get_shard_iterator(
                StreamName=deployment.INPUT_STREAM,
                ShardId=shard["ShardId"],
                ShardIteratorType="LATEST",
            )["ShardIterator"]
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1)
        except ClientError:
            events[READS_THROTTLED] += 1
        else:
            events[READS_THROTTLED] += answer["ResponseMetadata"]["RetryAttempts"]


def processed(aws: Aws, put: dict[str, int]) -> dict[str, list[int]]:
    """Wait until every record is processed, while there is progress; return what was processed."""
    found: dict[str, list[int]] = {}

    def complete() -> bool:
        found.clear()
        found.update(printed(aws))
        return all(len(set(found.get(key, ()))) == count for key, count in put.items())

    try:
        wait_until("all records to be processed", complete)
    except NotReadyError as error:
        print(error)
    return defaultdict(list, found)


def printed(aws: Aws) -> dict[str, list[int]]:
    """Return the numbers printed by the function for each key, in order of time."""
    pages = aws.client("logs").get_paginator("filter_log_events")
    group = f"/aws/lambda/{deployment.FUNCTION}"
    lines = [
        json.loads(event["message"])
        for page in pages.paginate(logGroupName=group, filterPattern="{ $.at > 0 }")
        for event in page["events"]
    ]
    found: dict[str, list[int]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: line["at"]):
        for key, number in line["done"]:
            found[key].append(number)
    return found


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
