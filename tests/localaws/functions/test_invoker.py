"""After an invocation that does not go well, nothing affects the next one."""

import asyncio
import errno
import gc
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.localaws.functions.in_process import ARN, eventually, running, version
from tests.localaws.functions.lambda_functions import Gate, processes_of
from workbook.localaws.functions import environment
from workbook.localaws.functions.launch import prepare
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.runtime_api import RuntimeApi

FINE = "def handler(event, context): return 'fine'\n"


def fails_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, problem: OSError) -> None:
    """Make a function fail at its first call, as on a machine without room."""
    real = getattr(owner, name)

    def fail(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        raise problem

    monkeypatch.setattr(owner, name, fail)


async def fails_then_works(descriptors: bool = True) -> None:
    """The first invocation raises an error; the next ones get a new environment."""
    async with running(version(FINE)) as parts:
        process = psutil.Process()
        gc.collect()  # which closes what earlier tests have left open
        before = process.num_fds() if os.name == "posix" else 0
        with pytest.raises(OSError, match="No space left"):
            await parts.invoker.invoke(ARN, b"{}")
        await eventually(lambda: parts.folders == [])
        if os.name == "posix":  # no listener and no pipe is left
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


def test_an_invocation_continues_when_its_caller_disconnects(gate: Gate) -> None:
    """As on AWS: a caller that hangs up neither stops the function nor affects the next event."""

    async def run() -> None:
        async with running(version(gate.handler)) as parts:
            caller = asyncio.create_task(parts.invoker.invoke(ARN, b"{}"))
            await asyncio.to_thread(gate.wait)
            caller.cancel()
            await asyncio.wait([caller])
            gate.open()
            await asyncio.to_thread(gate.wait_for_end)
            await eventually(lambda: parts.metrics.values("Invocations") == [1])
            assert [line.split(" ")[0] for line in parts.logs.lines] == [
                *("INIT_START", "START", "END", "REPORT")
            ]
            caller = asyncio.create_task(parts.invoker.invoke(ARN, b"{}"))
            await asyncio.to_thread(gate.wait, 2)
            gate.open()
            assert (await caller).function_error is None
            assert len(parts.environments) == 1

    asyncio.run(run())


def test_closing_ends_invocations_in_progress(gate: Gate) -> None:
    async def run() -> None:
        async with running(version(gate.handler)) as parts:
            caller = asyncio.create_task(parts.invoker.invoke(ARN, b"{}"))
            await asyncio.to_thread(gate.wait)
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
        await eventually(lambda: not processes_of("f"))  # those of the previous test
        async with running(version(FINE)) as parts:
            await parts.invoker.invoke(ARN, b"{}")
            await kill(reaper())
            first = processes_of("f")
            await kill(first[-1])
            outcome = await parts.invoker.invoke(ARN, b"{}")
            assert outcome.function_error is None
            assert processes_of("f")[-1] not in first

    asyncio.run(run())


def test_a_new_reaper_knows_all_processes(tmp_path: Path) -> None:
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
        function = version(FINE)
        async with running(function) as parts:
            await parts.invoker.invoke(ARN, b"{}")
            assert processes_of("f")
            parts.functions.publish(function.region, {})
            await eventually(lambda: not processes_of("f"))

    asyncio.run(run())
