"""What a function's process writes: a pipe that can be emptied at once, without waiting.

An invocation's lines must be in the log before its END, so whoever sees the reply takes what the
pipe holds at that moment.
"""

import asyncio
import os
import sys
from collections.abc import Callable

CHUNK = 65_536
POLL_SECONDS = 0.05


class Output:
    """The reading end of a pipe; gives lines.

    Args:
        take: gets the lines, each with its line feed, as they come.
    """

    def __init__(self, take: Callable[[list[str]], None]) -> None:
        self._take = take
        self._rest = b""
        self._read_end, self.write_end = os.pipe()
        os.set_inheritable(self.write_end, True)
        self._loop = asyncio.get_running_loop()
        self._polling: asyncio.Task[None] | None = None
        if sys.platform == "win32":  # its loop cannot watch a pipe
            self._polling = self._loop.create_task(self._poll())
        else:
            os.set_blocking(self._read_end, False)
            self._loop.add_reader(self._read_end, self._read)

    def started(self) -> None:
        """The process has its own copy of the writing end now."""
        os.close(self.write_end)

    def drain(self) -> None:
        """Take everything that was written until now, a line without an end included."""
        while self._read():
            pass
        if self._rest:
            self._take([self._rest.decode(errors="replace")])
            self._rest = b""

    def close(self) -> None:
        """Take the last of it."""
        self.drain()
        if self._polling is not None:
            self._polling.cancel()
        elif sys.platform != "win32":
            self._loop.remove_reader(self._read_end)
        os.close(self._read_end)

    def _read(self) -> bool:
        data = self._available()
        if not data:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            self._take([line.decode(errors="replace") + "\n" for line in lines])
        return True

    def _available(self) -> bytes:
        if sys.platform == "win32":
            import _winapi
            import msvcrt

            try:
                ready, _ = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(self._read_end), 0)
            except BrokenPipeError:
                return b""
            return os.read(self._read_end, min(ready, CHUNK)) if ready else b""
        try:
            data = os.read(self._read_end, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._loop.remove_reader(self._read_end)  # nobody writes any more
        return data

    async def _poll(self) -> None:
        while True:
            self._read()
            await asyncio.sleep(POLL_SECONDS)
