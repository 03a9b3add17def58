"""The output of a function's process: a pipe that can be emptied without waiting.

An invocation's lines must be in the log before its END.  So when the reply arrives, the pipe is
emptied first.

Printed output is cut into lines.  The runtime client's own output, such as a record of ``logging``
or the traceback of an error, comes in a frame, which is one event however many lines it has [RIC]:
four bytes for the kind, four for the length, eight for the time, and the text.  On AWS frames have
a separate pipe; here they share this one, so that everything stays in order.
"""

import asyncio
import os
import sys
from collections.abc import Callable

CHUNK_BYTES = 65_536
POLL_SECONDS = 0.05
FRAME_MARK = b"\xa5\x5a\x00"  # starts every frame; never part of text, because it is not UTF-8
FRAME_HEAD_BYTES = 16
MAX_EVENT_BYTES = 1024 * 1024  # of one log event [BC]; a longer line becomes several
MAX_FRAME_BYTES = 16 * 1024 * 1024  # anything larger is not a frame


class OutputPipe:
    """A pipe for a process' output, which gives it back in events.

    Args:
        take: gets lines, each with its line feed, and frames, as they come.
    """

    def __init__(self, take: Callable[[list[str]], None]) -> None:
        self._take = take
        self._unread = bytearray()  # the start of a frame whose end has not come yet
        self._unfinished = bytearray()  # the same of a line
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
        self._unfinished += self._unread
        self._unread.clear()
        if self._unfinished:
            self._take(_events(bytes(self._unfinished)))
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
        has_frames = self._unread or FRAME_MARK[:1] in data
        events = self._events(data) if has_frames else self._lines(data)
        if events:
            self._take(events)
        return True

    def _lines(self, data: bytes) -> list[str]:
        """Return the lines that end in what was printed; keep the rest."""
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
        """Return the lines and the frames that end in what has come; keep the rest."""
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
        """Take so many bytes off what has not been read yet."""
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
    """Return the output as one event, or as several if it is too long for one."""
    events = []
    while len(text) > MAX_EVENT_BYTES:
        event, text = _cut(text)
        events.append(event.decode(errors="replace"))
    return [*events, text.decode(errors="replace")]


def _cut(text: bytes | bytearray) -> tuple[bytes | bytearray, bytes | bytearray]:
    """Cut off as much as an event may have, between two characters."""
    end = MAX_EVENT_BYTES
    while end > MAX_EVENT_BYTES - 4 and text[end] & 0xC0 == 0x80:  # amid a character of UTF-8
        end -= 1
    return text[:end], text[end:]
