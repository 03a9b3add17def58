"""End every function's processes when the local AWS ends, even if it is killed.

A process of its own, which outlives the local AWS by a moment: it reads the process ids of new
environments (``+123``) and of ended ones (``-123``) from its standard input, and at the end of
that input kills what is left, children included, and removes the directory given as argument.
Standard library only; see ``processes``, which starts it.
"""

import contextlib
import os
import signal
import sys


def kill_tree(pid: int) -> None:
    """End a process that leads a group of its own, and the rest of that group."""
    if sys.platform == "win32":
        import subprocess

        subprocess.call(["taskkill", "/T", "/F", "/PID", str(pid)], stdout=subprocess.DEVNULL)
        return
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Keep the list until the input ends, then end the processes on it."""
    alive: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        if line[0] == "+":
            alive.add(pid)
        else:
            alive.discard(pid)
    for pid in alive:
        kill_tree(pid)
    import shutil  # only now: while it waits, the less memory the better

    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
