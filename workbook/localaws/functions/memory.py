"""Measure the memory of a function and its child processes, in MB."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

MB = 1024 * 1024
SANDBOX_PROCESSES = 2  # before the function's own: see ``runtime.sandbox``


def used(pid: int, *, is_sandboxed: bool = False) -> float:
    """Return the present memory of a function and its children; 0 if it has ended.

    Args:
        pid: the process that was started.
        is_sandboxed: whether that process runs the function in a sandbox.
    """
    total = 0.0
    for one in _processes(pid, is_sandboxed):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += float(psutil.Process(one).memory_info().rss) / MB
    return total


def peak(pid: int, *, is_sandboxed: bool = False) -> float:
    """Return the peak memory of a function; where it is not reported, the present memory.

    Args:
        pid: the process that was started.
        is_sandboxed: whether that process runs the function in a sandbox.
    """
    if sys.platform != "linux":
        return used(pid)
    function = next(_processes(pid, is_sandboxed), None)
    if function is None:
        return 0.0
    try:
        status = Path(f"/proc/{function}/status").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    _, found, rest = status.partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) / 1024 if found else 0.0


def _processes(pid: int, is_sandboxed: bool) -> Iterator[int]:
    """Yield the function's process and its descendants, without the sandbox's own processes."""
    if sys.platform != "linux":
        yield pid
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from (child.pid for child in psutil.Process(pid).children(recursive=True))
        return
    ahead = [pid]
    for _ in range(SANDBOX_PROCESSES if is_sandboxed else 0):
        ahead = [child for one in ahead for child in _children(one)]
    while ahead:
        one = ahead.pop(0)
        yield one
        ahead += _children(one)


def _children(pid: int) -> list[int]:
    """Return the children of all threads of a process [proc(5)]."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, (thread / "children").read_text().split())
    return found
