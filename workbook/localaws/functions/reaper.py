"""End all function processes when the local AWS ends, even if it is killed.

This separate process briefly outlives the local AWS. It reads the process ids of new environments
(``+123``) and of ended ones (``-123``) from its standard input. When that input ends, it kills the
remaining processes, children included, and removes the directory given as argument. It uses the
standard library only; ``processes`` starts it.
"""

import contextlib
import os
import signal
import sys


def kill_tree(pid: int) -> None:
    """Kill the leader of a process group and the rest of the group."""
    if sys.platform == "win32":
        import subprocess

        subprocess.call(["taskkill", "/T", "/F", "/PID", str(pid)], stdout=subprocess.DEVNULL)
        return
    with contextlib.suppress(ProcessLookupError):  # it has already ended
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Keep the list until the input ends, then kill the processes on it."""
    alive: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            alive.add(pid)
        else:
            alive.discard(pid)
    for pid in alive:
        kill_tree(pid)
    import shutil  # late: it should use little memory while it waits

    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
