"""What the live view costs: processor time of the kernel and of the local AWS, with and without.

Run ``python benchmarks/live.py``; it prints percents of a core, over half a minute each. All runs
in a real kernel, so that what widgets send is in it too; the browser's share is not.
"""

import sys
import threading
import time
from typing import Any

import psutil
from jupyter_client.manager import start_new_kernel

SECONDS = 30.0
RATE = 800  # records a second, when busy


def busy_seconds(process: psutil.Process) -> float:
    """Processor time that a process has taken so far."""
    times = process.cpu_times()
    return times.user + times.system


def send(aws, ending: threading.Event) -> None:
    """Put records into the stream, at a steady rate until told to end."""
    kinesis = aws.client("kinesis")
    records = [{"Data": b'{"dep_delay": 1}', "PartitionKey": f"k{n}"} for n in range(RATE // 2)]
    while not ending.wait(0.5):
        kinesis.put_records(StreamName="flights", Records=records)


def measure(what: str, processes: dict[str, psutil.Process]) -> None:
    """Print what each process takes of a core while ``SECONDS`` pass."""
    before = {name: busy_seconds(process) for name, process in processes.items()}
    begun = time.monotonic()
    threading.Event().wait(SECONDS)
    passed = time.monotonic() - begun
    shares = {n: 100 * (busy_seconds(p) - before[n]) / passed for n, p in processes.items()}
    told = ", ".join(f"{name} {share:.1f} %" for name, share in shares.items())
    print(f"{what:20} {told}, together {sum(shares.values()):.1f} %", flush=True)


def main() -> None:
    """Measure an idle and a busy pipeline, each without and with the live view."""
    from IPython.display import display

    from workbook import deployment, live, target

    with target.connect(target.LOCAL) as aws:
        deployment.deploy(aws, shards=2)
        (local_aws,) = (
            child for child in psutil.Process().children() if "workbook.localaws" in child.cmdline()
        )
        processes = {"kernel": psutil.Process(), "local AWS": local_aws}
        for state in ("idle", "busy"):
            ending = threading.Event()
            sender = threading.Thread(target=send, args=[aws, ending])
            if state == "busy":
                sender.start()
            measure(f"{state}, without", processes)
            panel = live.Panel(aws)
            display(panel)
            measure(f"{state}, with", processes)
            panel.stop()
            ending.set()
            if state == "busy":
                sender.join()


def show(message: dict[str, Any]) -> None:
    """Print what the kernel prints, and not what it displays."""
    if message["msg_type"] == "stream":
        print(message["content"]["text"], end="", flush=True)


if __name__ == "__main__":
    manager, client = start_new_kernel()
    try:
        code = f"import runpy; runpy.run_path({__file__!r})['main']()"
        reply = client.execute_interactive(code, output_hook=show)["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    if reply["status"] == "error":
        sys.exit("\n".join(reply["traceback"]))
