"""Functions run from the test's own process: an invoker without a server or moto."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.localaws.fakes import REGION, ROLE, FakeCredentials, FakeMetrics
from tests.localaws.functions.lambda_functions import zipped
from workbook.localaws.function_arn import function_arn
from workbook.localaws.functions.configuration import LATEST, Function, FunctionVersion
from workbook.localaws.functions.environment import Environment, LogStream
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.pool import Pool
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.published import PublishedFunctions

ARN = function_arn(REGION, "f")
NOWHERE = "http://127.0.0.1:9"


def version(code: str, **settings: Any) -> FunctionVersion:
    """A function called f, from the source of app.py."""
    given: dict[str, Any] = {
        "region": REGION,
        "name": "f",
        "version": LATEST,
        "role": ROLE,
        "runtime": "python3.11",
        "handler": "app.handler",
        "timeout": 30,
        "memory": 128,
        "variables": (),
        "code_sha256": "",
        "layers": (),
        "logging": (("LogFormat", "Text"), ("LogGroup", "/aws/lambda/f")),
        "code": zipped(app=code),
        "layer_code": (),
    }
    return FunctionVersion(**(given | settings))


class Lines:
    """Keeps the lines of all logs."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def put(self, stream: LogStream, lines: list[str]) -> None:
        self.lines += lines


class Running:
    """An invoker with one function, and its parts."""

    def __init__(self, function: FunctionVersion) -> None:
        self.processes = Processes()
        self.logs = Lines()
        self.metrics = FakeMetrics()
        self.functions = PublishedFunctions()
        self.functions.publish(REGION, {"f": Function({LATEST: function})})
        self.environments: list[Environment] = []
        self.invoker = Invoker(self.functions, Pool(self._make), self.metrics)

    def _make(self, function: FunctionVersion) -> Environment:
        environment = Environment(
            function, NOWHERE, self.processes, self.logs, FakeCredentials(), time.time
        )
        self.environments.append(environment)
        return environment

    @property
    def folders(self) -> list[str]:
        """Return the present folders of environments, without the shared byte code."""
        names = [path.name for path in self.processes.directory.iterdir()]
        return [name for name in names if not name.startswith("bytecode-")]


@contextlib.asynccontextmanager
async def running(function: FunctionVersion) -> AsyncIterator[Running]:
    """Run a function, and end all its processes afterwards."""
    parts = Running(function)
    parts.processes.open()
    await parts.invoker.start()
    try:
        yield parts
    finally:
        await parts.invoker.close()
        parts.processes.close()


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - what is waited for is outside of the loop
            await asyncio.sleep(0.01)
