"""Measure the memory of a process, in MB."""

import sys
from pathlib import Path

import psutil

MB = 1024 * 1024


def used(pid: int) -> float:
    """Return what it uses now; 0 when it has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / MB
    except psutil.NoSuchProcess:
        return 0.0


def peak(pid: int) -> float:
    """Return the most that it has used; where the system does not say, what it uses now."""
    if sys.platform == "linux":
        try:
            status = Path(f"/proc/{pid}/status").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return 0.0
        _, found, rest = status.partition(b"VmHWM:")
        return int(rest.split(None, 1)[0]) / 1024 if found else 0.0
    return used(pid)
