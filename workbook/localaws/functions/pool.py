"""The execution environments of all functions; idle ones are kept for the next event."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.environment import Environment


class Pool:
    """Busy and idle environments.

    Args:
        make: creates an environment, without starting its process.
    """

    def __init__(self, make: Callable[[FunctionVersion], Environment]) -> None:
        self._make = make
        self._all: set[Environment] = set()
        self._idle: dict[tuple[str, str, str], list[Environment]] = defaultdict(list)
        self._closing: set[asyncio.Task[None]] = set()

    def take(self, function: FunctionVersion) -> Environment:
        """Return the last used environment for this configuration, or a new one.

        Environments with an older configuration are ended, so an update takes effect.
        """
        idle = self._idle[function.region, function.name, function.version]
        while idle:
            environment = idle.pop()
            if environment.function == function:
                return environment
            self.discard(environment)
        environment = self._make(function)
        self._all.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        """Keep an environment for its function's next event."""
        function = environment.function
        self._idle[function.region, function.name, function.version].append(environment)

    def discard(self, environment: Environment) -> None:
        """End an idle environment in the background."""
        self._all.discard(environment)
        task = asyncio.get_running_loop().create_task(environment.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def discard_idle(self, is_current: Callable[[FunctionVersion], bool]) -> None:
        """End the idle environments of functions that were deleted or changed."""
        for key, idle in list(self._idle.items()):
            kept = [environment for environment in idle if is_current(environment.function)]
            for environment in idle:
                if environment not in kept:
                    self.discard(environment)
            if kept:
                self._idle[key] = kept
            else:
                del self._idle[key]

    async def close(self) -> None:
        """End every process; call this when no invocation is in progress."""
        await asyncio.gather(*(environment.stop() for environment in self._all), *self._closing)
