"""The output of a function's process: a pipe that can be emptied without waiting.

An invocation's lines must be in the log before its END, so whoever sees the reply takes what the
pipe holds at that moment.
"""

import asyncio
import os
import sys
from collections.abc import Callable

CHUNK_BYTES = 65_536
POLL_SECONDS = 0.05


class OutputPipe:
    """A pipe for a process' output, which gives it back in lines.

    Args:
        take: gets the lines, each with its line feed, as they come.
    """

    def __init__(self, take: Callable[[list[str]], None]) -> None:
        self._take = take
        self._unfinished = bytearray()  # the start of a line whose end has not come yet
        self._read_end = self.write_end = -1
        self._polling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Make the pipe and begin to read it."""
        self._read_end, self.write_end = os.pipe()
        os.set_inheritable(self.write_end, True)
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":  # its loop cannot watch a pipe
            self._polling = loop.create_task(self._poll())
        else:
            os.set_blocking(self._read_end, False)
            loop.add_reader(self._read_end, self._read)

    def hand_over(self) -> None:
        """Close the writing end here; the process, if there is one, has a copy of its own."""
        os.close(self.write_end)

    def drain(self) -> None:
        """Take all that was written until now, a line without an end included."""
        while self._read():
            pass
        if self._unfinished:
            self._take([self._unfinished.decode(errors="replace")])
            self._unfinished.clear()

    def close(self) -> None:
        """Take the last of it and stop reading."""
        self.drain()
        if self._polling is not None:
            self._polling.cancel()
        elif sys.platform != "win32":
            asyncio.get_running_loop().remove_reader(self._read_end)
        os.close(self._read_end)

    def _read(self) -> bool:
        """Read once; return whether there was anything."""
        data = self._available()
        if not data:
            return False
        head, feed, rest = data.rpartition(b"\n")
        self._unfinished += head + feed
        if feed:
            lines = self._unfinished.decode(errors="replace").split("\n")
            self._unfinished.clear()
            self._take([line + "\n" for line in lines[:-1]])
        self._unfinished += rest
        return True

    def _available(self) -> bytes:
        if sys.platform == "win32":
            import _winapi
            import msvcrt

            try:
                ready, _ = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(self._read_end), 0)
            except BrokenPipeError:
                return b""
            return os.read(self._read_end, min(ready, CHUNK_BYTES)) if ready else b""
        try:
            data = os.read(self._read_end, CHUNK_BYTES)
        except BlockingIOError:
            return b""
        if not data:  # nobody writes any more
            asyncio.get_running_loop().remove_reader(self._read_end)
        return data

    async def _poll(self) -> None:
        while True:
            self._read()
            await asyncio.sleep(POLL_SECONDS)
