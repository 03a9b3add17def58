"""Function processes: started in groups of their own, and all ended with the local AWS."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REAPER = Path(__file__).with_name("reaper.py")


def _own_group() -> dict[str, Any]:
    """What makes ``Popen`` start a process as the leader of a new group."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class Processes:
    """Starts processes and keeps the reaper informed of them."""

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._reaper: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> Path:
        """Where environments have their folders; from its first use on the reaper minds it."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="workbook-functions-"))
            self._reaper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(REAPER), str(self._directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                **_own_group(),
            )
        return self._directory

    async def start(
        self, command: Sequence[str], directory: Path, variables: Mapping[str, str], output: int
    ) -> asyncio.subprocess.Process:
        """Start ``command`` with its standard output and error going to ``output``.

        Raises:
            OSError: it cannot be executed.
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
        self._tell(f"+{process.pid}\n")
        return process

    def kill(self, process: asyncio.subprocess.Process) -> None:
        """End a process at once, and what it started."""
        if sys.platform == "win32":
            subprocess.Popen(["taskkill", "/T", "/F", "/PID", str(process.pid)])
            return
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself

    def ended(self, process: asyncio.subprocess.Process) -> None:
        """Note that a process has ended; what it left running ends too."""
        self.kill(process)
        self._tell(f"-{process.pid}\n")

    def _tell(self, line: str) -> None:
        assert self._reaper is not None
        assert self._reaper.stdin is not None
        self._reaper.stdin.write(line.encode())
        self._reaper.stdin.flush()

    def close(self) -> None:
        """End what still runs and remove the directory."""
        if self._reaper is None:
            return
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait()
