"""How functions' lines reach CloudWatch Logs: in batches, with a limit on what waits."""

import asyncio

import pytest

from tests.localaws.fakes import ACCOUNT, REGION, ROLE, FakeRoles
from workbook.localaws.clock import Clock
from workbook.localaws.functions.environment import LogStream
from workbook.localaws.moto import logs
from workbook.localaws.moto.logs import Logs
from workbook.localaws.moto.worker import Worker

STREAM = LogStream(REGION, "/aws/lambda/talks", "s", ROLE)


def messages() -> list[str]:
    """Return the messages that moto has."""
    from moto.logs.models import logs_backends

    stream = logs_backends[ACCOUNT][REGION].groups[STREAM.group].streams[STREAM.name]
    return [event.message for event in stream.events]


def test_lines_that_arrive_faster_than_they_are_written_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "MAX_WAITING_BYTES", 3 * (logs.EVENT_BYTES + 2))

    async def run() -> list[str]:
        worker = Worker()
        taken = Logs(Clock(), worker, FakeRoles())
        try:
            taken.put(STREAM, ["1\n", "2\n"])
            taken.put(STREAM, ["3\n", "4\n"])  # one too many
            taken.put(STREAM, ["5\n"])
            await taken.flush()
            taken.put(STREAM, ["6\n"])
            await taken.flush()
            return await worker.call(messages)
        finally:
            worker.close()

    lost = "The local AWS lost 2 lines here: they came faster than it keeps them.\n"
    assert asyncio.run(run()) == ["1\n", "2\n", "5\n", lost, "6\n"]


def test_lines_that_arrive_during_a_write_are_written_too() -> None:
    async def run() -> None:
        worker = Worker()
        taken = Logs(Clock(), worker, FakeRoles())
        try:
            taken.put(STREAM, ["first\n"])
            writing = asyncio.create_task(taken.flush())
            await asyncio.sleep(0)
            taken.put(STREAM, ["second\n"])
            await writing
            while "second\n" not in await worker.call(messages):
                pass
        finally:
            worker.close()

    asyncio.run(asyncio.wait_for(run(), 30))
