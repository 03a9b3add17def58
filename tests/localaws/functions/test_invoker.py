"""What an invocation leaves behind when it does not go well: nothing that harms the next one."""

import asyncio
import errno
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.localaws.functions.in_process import ARN, eventually, running, version
from workbook.localaws.functions import environment
from workbook.localaws.functions.launch import prepare
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.runtime_api import RuntimeApi

FINE = "def handler(event, context): return 'fine'\n"


def waits(folder: Path) -> str:
    """A handler that says that it runs, goes on when it may, and says that it is done."""
    return f"""
import os, pathlib, time
folder = pathlib.Path({str(folder)!r})
def handler(event, context):
    (folder / "running").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    (folder / "done").touch()
    return os.getpid()
"""


def fails_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, problem: OSError) -> None:
    """Make a function fail at its first call, as on a machine without room."""
    real = getattr(owner, name)

    def fail(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        raise problem

    monkeypatch.setattr(owner, name, fail)


async def fails_then_works(descriptors: bool = True) -> None:
    """The first invocation has an error, the next ones an environment of their own."""
    async with running(version(FINE)) as parts:
        process = psutil.Process()
        before = process.num_fds() if os.name == "posix" else 0
        with pytest.raises(OSError, match="No space left"):
            await parts.invoker.invoke(ARN, b"{}")
        await eventually(lambda: parts.folders == [])
        if os.name == "posix":  # neither a listener nor a pipe is left
            assert process.num_fds() == before
        for _ in range(2):
            outcome = await parts.invoker.invoke(ARN, b"{}")
            assert outcome.payload == b'"fine"'
        assert len(parts.environments) == 2
        assert len(parts.folders) == 1


def test_a_cold_start_without_room_for_its_folders_does_not_harm_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")

    def half_done(*args: Any) -> Any:
        monkeypatch.setattr(environment, "prepare", prepare)
        prepare(*args)
        raise full

    monkeypatch.setattr(environment, "prepare", half_done)
    asyncio.run(fails_then_works())


@pytest.mark.parametrize(("owner", "name"), [(RuntimeApi, "open"), (Processes, "start")])
def test_a_cold_start_without_room_for_a_process_does_not_harm_the_next(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    fails_once(monkeypatch, owner, name, OSError(errno.ENOSPC, "No space left on device"))
    asyncio.run(fails_then_works())


def test_an_invocation_that_nobody_waits_for_goes_on(tmp_path: Path) -> None:
    """As on AWS: a caller that hangs up does not stop the function, nor harm the next event."""

    async def run() -> None:
        async with running(version(waits(tmp_path))) as parts:
            caller = asyncio.create_task(parts.invoker.invoke(ARN, b"{}"))
            await eventually((tmp_path / "running").exists)
            caller.cancel()
            await asyncio.wait([caller])
            (tmp_path / "go").touch()
            await eventually((tmp_path / "done").exists)
            await eventually(lambda: parts.metrics.values("Invocations") == [1])
            assert [line.split(" ")[0] for line in parts.logs.lines] == [
                *("INIT_START", "START", "END", "REPORT")
            ]
            outcome = await parts.invoker.invoke(ARN, b"{}")
            assert outcome.function_error is None
            assert len(parts.environments) == 1

    asyncio.run(run())


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(version(waits(tmp_path))) as parts:
            caller = asyncio.create_task(parts.invoker.invoke(ARN, b"{}"))
            await eventually((tmp_path / "running").exists)
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert not parts.processes.directory.exists()

    asyncio.run(run())


def reaper() -> psutil.Process:
    """The process that ends what the local AWS leaves behind."""
    (found,) = [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and any(argument.endswith("reaper.py") for argument in child.cmdline())
    ]
    return found


async def kill(process: psutil.Process) -> None:
    process.kill()
    await eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_functions_run_when_the_reaper_was_killed() -> None:
    async def run() -> None:
        function = version("import os\ndef handler(event, context): return os.getpid()\n")
        async with running(function) as parts:
            first = int((await parts.invoker.invoke(ARN, b"{}")).payload)
            await kill(reaper())
            psutil.Process(first).kill()
            outcome = await parts.invoker.invoke(ARN, b"{}")
            assert outcome.function_error is None
            assert int(outcome.payload) != first

    asyncio.run(run())


def test_the_reapers_successor_knows_of_all_processes(tmp_path: Path) -> None:
    async def run() -> None:
        processes = Processes()
        processes.open()
        sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
        first = await processes.start(sleeps, tmp_path, os.environ, sys.stderr.fileno())
        await kill(reaper())
        second = await processes.start(sleeps, tmp_path, os.environ, sys.stderr.fileno())
        processes.close()
        await asyncio.wait_for(asyncio.gather(first.wait(), second.wait()), 30)

    asyncio.run(run())


def test_an_environment_ends_when_its_function_does() -> None:
    async def run() -> None:
        function = version("import os\ndef handler(event, context): return os.getpid()\n")
        async with running(function) as parts:
            process = int((await parts.invoker.invoke(ARN, b"{}")).payload)
            parts.functions.publish(function.region, {})
            await eventually(lambda: not psutil.pid_exists(process))

    asyncio.run(run())
