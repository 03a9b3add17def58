"""The execution environments of all functions: those that idle wait here for the next event."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.environment import Environment


class Pool:
    """See above.

    Args:
        make: makes an environment, whose process is not yet started.
    """

    def __init__(self, make: Callable[[FunctionVersion], Environment]) -> None:
        self._make = make
        self._all: set[Environment] = set()
        self._idle: dict[tuple[str, str, str], list[Environment]] = defaultdict(list)
        self._closing: set[asyncio.Task[None]] = set()

    def take(self, function: FunctionVersion) -> Environment:
        """The environment used last of just this configuration, else a new one.

        Those of an older configuration end here: an update makes new environments.
        """
        idle = self._idle[function.region, function.name, function.version]
        while idle:
            environment = idle.pop()
            if environment.function == function:
                return environment
            self.end(environment)
        environment = self._make(function)
        self._all.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        """Let an environment wait for its function's next event."""
        function = environment.function
        self._idle[function.region, function.name, function.version].append(environment)

    def forget(self, region: str, name: str) -> None:
        """End what idles of a deleted function."""
        for key in [key for key in self._idle if key[:2] == (region, name)]:
            for environment in self._idle.pop(key):
                self.end(environment)

    def end(self, environment: Environment) -> None:
        """End an environment, in its own time."""
        self._all.discard(environment)
        task = asyncio.get_running_loop().create_task(environment.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End every process, busy ones too."""
        await asyncio.gather(*(environment.stop() for environment in self._all), *self._closing)
