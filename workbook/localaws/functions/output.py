"""The output of a function's process: a pipe that can be drained without waiting.

An invocation's lines must precede its END line. So when the response arrives, the pipe is drained
first.

Printed output is split into lines. The runtime client's own output, such as a ``logging`` record or
an error's traceback, comes in frames. A frame becomes one event, however many lines it has [RIC]:
four bytes for the kind, four for the length, eight for the time, and the text. On AWS, frames use a
separate pipe; here they share this one, so that the order is kept.
"""

import asyncio
import os
import sys
from collections.abc import Callable

CHUNK_BYTES = 65_536
POLL_SECONDS = 0.05
FRAME_MARK = b"\xa5\x5a\x00"  # starts every frame; never part of text, because it is not UTF-8
FRAME_HEAD_BYTES = 16
MAX_EVENT_BYTES = 1024 * 1024  # of a log event [BC]; a longer line becomes several events
MAX_FRAME_BYTES = 16 * 1024 * 1024  # anything larger is not a frame


class OutputPipe:
    """A pipe for a process' output, which is passed on as log events.

    Args:
        take: receives complete lines, each with its line feed, and frames, as they arrive.
    """

    def __init__(self, take: Callable[[list[str]], None]) -> None:
        self._take = take
        self._unread = bytearray()  # the start of an incomplete frame
        self._unfinished = bytearray()  # the start of an incomplete line
        self._read_end = self.write_end = -1
        self._polling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Create the pipe and start to read from it."""
        self._read_end, self.write_end = os.pipe()
        os.set_inheritable(self.write_end, True)
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":  # its event loop cannot watch pipes
            self._polling = loop.create_task(self._poll())
        else:
            os.set_blocking(self._read_end, False)
            loop.add_reader(self._read_end, self._read)

    def close_writer(self) -> None:
        """Close the writing end in this process; the child process has a copy."""
        os.close(self.write_end)

    def drain(self) -> None:
        """Read everything written so far, including an incomplete line."""
        while self._read():
            pass
        self._unfinished += self._unread
        self._unread.clear()
        if self._unfinished:
            self._take(_events(bytes(self._unfinished)))
            self._unfinished.clear()

    def close(self) -> None:
        """Read the rest and stop reading."""
        self.drain()
        if self._polling is not None:
            self._polling.cancel()
        elif sys.platform != "win32":
            asyncio.get_running_loop().remove_reader(self._read_end)
        os.close(self._read_end)

    def _read(self) -> bool:
        """Read once; return whether there was any data."""
        data = self._available()
        if not data:
            return False
        has_frames = self._unread or FRAME_MARK[:1] in data
        events = self._events(data) if has_frames else self._lines(data)
        if events:
            self._take(events)
        return True

    def _lines(self, data: bytes) -> list[str]:
        """Return the lines completed by printed data; keep the rest."""
        head, feed, rest = data.rpartition(b"\n")
        self._unfinished += head + feed
        lines: list[str] = []
        if feed:
            for line in self._unfinished[:-1].split(b"\n"):
                lines += _events(line + feed)
            self._unfinished.clear()
        self._unfinished += rest
        if len(self._unfinished) > MAX_EVENT_BYTES:
            whole, self._unfinished[:] = _cut(bytes(self._unfinished))
            lines.append(whole.decode(errors="replace"))
        return lines

    def _events(self, data: bytes) -> list[str]:
        """Return the lines and frames completed by new data; keep the rest."""
        self._unread += data
        events: list[str] = []
        while True:
            start = self._unread.find(FRAME_MARK)
            if start < 0:
                begun = next((n for n in (2, 1) if self._unread.endswith(FRAME_MARK[:n])), 0)
                return events + self._lines(self._cut(len(self._unread) - begun))
            events += self._lines(self._cut(start))
            if len(self._unread) < FRAME_HEAD_BYTES:
                return events
            size = int.from_bytes(self._unread[4:8], "big")
            if size > MAX_FRAME_BYTES:
                events += self._lines(self._cut(len(FRAME_MARK)))
                continue
            if len(self._unread) < FRAME_HEAD_BYTES + size:
                return events
            frame = self._cut(FRAME_HEAD_BYTES + size)
            events += _events(frame[FRAME_HEAD_BYTES:])

    def _cut(self, count: int) -> bytes:
        """Remove and return the first ``count`` bytes of unread data."""
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

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
        if not data:  # the last writer has closed it
            asyncio.get_running_loop().remove_reader(self._read_end)
        return data

    async def _poll(self) -> None:
        while True:
            self._read()
            await asyncio.sleep(POLL_SECONDS)


def _events(text: bytes | bytearray) -> list[str]:
    """Return output as one event, or as several if it is too long."""
    events = []
    while len(text) > MAX_EVENT_BYTES:
        event, text = _cut(text)
        events.append(event.decode(errors="replace"))
    return [*events, text.decode(errors="replace")]


def _cut(text: bytes | bytearray) -> tuple[bytes | bytearray, bytes | bytearray]:
    """Split off as much as fits into an event, at a character boundary."""
    end = MAX_EVENT_BYTES
    while end > MAX_EVENT_BYTES - 4 and text[end] & 0xC0 == 0x80:  # within a UTF-8 character
        end -= 1
    return text[:end], text[end:]
