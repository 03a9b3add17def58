"""The peers of the workbook, each started as a process and stopped again."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil

from workbook import target
from workbook.target import Aws
from workbook.waiting import wait_until

BUILD = Path(__file__).parents[1] / "build" / "bench"
PYTHON = BUILD / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MODULES = BUILD / "node_modules"
LAMBDA, STREAMS = ("ministack",), ("ministack", "kinesalite", "kinesis-local", "moto server")
NO_PEERS = ("serverless-offline-kinesis", "localemu")  # docs/performance.md says why
NULL = "boto3 and a server that does nothing"


def command(name: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command line that starts a peer, and its environment variables."""
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        "ministack": (
            [str(PYTHON), "-m", "ministack"],
            {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR"},
        ),
        "kinesalite": (
            ["node", str(MODULES / "kinesalite/cli.js"), f"--port={port}", "--shardLimit=1000"],
            {},
        ),
        "kinesis-local": (
            ["node", str(MODULES / "kinesis-local/main.js")],
            {
                "KINESIS_MOCK_PLAIN_PORT": str(port),
                "KINESIS_MOCK_TLS_PORT": str(free_port()),
                "SHARD_LIMIT": "1000",
                "LOG_LEVEL": "ERROR",
            },
        ),
        "moto server": ([sys.executable, "-m", "moto.server", f"--port={port}"], {}),
        NULL: ([sys.executable, "-m", "benchmarks.null_server", str(port)], {}),
    }
    return commands[name]


def installed(name: str) -> bool:
    """Return whether a peer is installed."""
    line, _ = command(name, 0)
    return all(Path(part).exists() for part in line[:2] if Path(part).is_absolute())


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in STREAMS if not installed(name)]


def versions() -> dict[str, str]:
    """Return the versions of the peers and of the tools used to measure them."""
    found = {name: version(name) for name in ("boto3", "moto", "pandas", "aws-lambda-powertools")}
    if installed("ministack"):
        asking = "from importlib.metadata import version; print(version('ministack'))"
        found["ministack"] = subprocess.check_output([PYTHON, "-c", asking], text=True).strip()
    for name in ("kinesalite", "kinesis-local"):
        if installed(name):
            found[name] = json.loads((MODULES / name / "package.json").read_text("utf-8"))[
                "version"
            ]
    return found


@contextmanager
def started(name: str) -> Iterator[Aws]:
    """Start a peer on a free port of this machine; yield it when it responds."""
    with all_of((name,)) as there:
        yield there[name]


@contextmanager
def all_of(names: tuple[str, ...]) -> Iterator[dict[str, Aws]]:
    """Start the installed ones, all at the same time; yield them when they respond."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(_process(name)) for name in names if installed(name)}
        for name, url in urls.items():
            wait_until(f"{name} to answer", partial(answers, url))
        yield {name: target.connect(url) for name, url in urls.items()}


@contextmanager
def _process(name: str) -> Iterator[str]:
    """Start a peer's process; yield the URL at which it will respond; kill it at the end."""
    port = free_port()
    line, variables = command(name, port)
    environment = {key: text for key, text in os.environ.items() if not key.startswith("AWS_")}
    dummies = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            line,
            env=environment | dummies | {"PYTHONPATH": str(BUILD.parents[1])} | variables,
            cwd=MODULES / name if (MODULES / name).exists() else folder,  # its own files are there
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a peer and the processes that it started: some take many seconds to close."""
    family = psutil.Process(process.pid)
    for member in (*family.children(recursive=True), family):
        with suppress(psutil.NoSuchProcess):
            member.kill()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Return whether a server responds at an address, with whatever status."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
