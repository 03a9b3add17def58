"""Start and end function processes, each in its own process group."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REAPER = Path(__file__).with_name("reaper.py")


def _own_group() -> dict[str, Any]:
    """Return the arguments with which ``Popen`` starts a process as the leader of a new group."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class Processes:
    """Starts and ends function processes, and reports them to the reaper.

    The reaper is a process that briefly outlives the local AWS and ends what it leaves behind, even
    if the local AWS is killed.
    """

    def __init__(self) -> None:
        self.directory = Path()  # of all environments; ``open`` creates it
        self._reaper: subprocess.Popen[bytes] | None = None
        self._alive: set[int] = set()

    def open(self) -> None:
        """Create the directory, and start the reaper, which removes it in the end.

        Raises:
            OSError: there is no room for one of them.
        """
        try:
            self.directory = Path(tempfile.mkdtemp(prefix="workbook-functions-"))
        except OSError as problem:
            raise OSError(
                problem.errno,
                f"cannot create a temporary folder ({problem.strerror}); make room, or set TMPDIR "
                "to a writable folder with room",
            ) from problem
        self._reaper = self._start_reaper()

    def _start_reaper(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(REAPER), str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            bufsize=0,
            **_own_group(),
        )

    async def start(
        self, command: Sequence[str], directory: Path, variables: Mapping[str, str], output: int
    ) -> asyncio.subprocess.Process:
        """Start a process.

        Args:
            command: the program and its arguments.
            directory: its working directory.
            variables: its complete environment.
            output: the file descriptor for its standard output and error.

        Raises:
            OSError: the program cannot be executed.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **_own_group(),
        )
        self._alive.add(process.pid)
        self._report(f"+{process.pid}\n")
        if self._reaper is None:  # closed in the meantime, so nothing else would end it
            self.kill(process)
        return process

    def kill(self, process: asyncio.subprocess.Process) -> None:
        """Kill a process and everything that it started."""
        if sys.platform == "win32":
            subprocess.Popen(["taskkill", "/T", "/F", "/PID", str(process.pid)])
            return
        with contextlib.suppress(ProcessLookupError):  # it has already ended
            os.killpg(process.pid, signal.SIGKILL)

    def ended(self, process: asyncio.subprocess.Process) -> None:
        """Note that a process has ended, and end what it left running."""
        self.kill(process)
        self._alive.discard(process.pid)
        self._report(f"-{process.pid}\n")

    def has_exited(self, process: asyncio.subprocess.Process) -> bool:
        """Return whether a process has exited, which asyncio may learn only later."""
        if process.returncode is not None:
            return True
        if sys.platform != "linux":  # other systems lack waitid or the sandbox
            return False
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT  # leave the exit status for asyncio
        try:
            return os.waitid(os.P_PID, process.pid, look) is not None
        except ChildProcessError:
            return True

    def _report(self, line: str) -> None:
        """Report a change to the reaper; if it was killed, start another and report everything."""
        if self._reaper is None:  # closed: it has ended all processes
            return
        assert self._reaper.stdin is not None
        try:
            self._reaper.stdin.write(line.encode())
        except OSError:
            self._reaper.wait()
            # The local AWS continues without a reaper; the next report tries again.
            with contextlib.suppress(OSError):
                self._reaper = self._start_reaper()
                assert self._reaper.stdin is not None
                self._reaper.stdin.write("".join(f"+{pid}\n" for pid in self._alive).encode())

    def close(self) -> None:
        """End what still runs and remove the directory; too slow for the event loop."""
        reaper, self._reaper = self._reaper, None
        if reaper is not None:
            assert reaper.stdin is not None
            reaper.stdin.close()
            reaper.wait()
            shutil.rmtree(self.directory, ignore_errors=True)  # in case the reaper was killed
