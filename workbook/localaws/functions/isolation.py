"""How a function's process is kept apart from this machine: by namespaces, or by a guard."""

import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).parent / "runtime"
SANDBOX = RUNTIME / "sandbox.py"
# "guard" does without namespaces; for the tests, which hold both to what they promise.
VARIABLE = "WORKBOOK_ISOLATION"
GUARD = "guard"
TASK, LAYERS, TEMPORARY = (
    Path("/var/task"),
    Path("/opt"),
    Path("/tmp"),
)  # in the sandbox, and on AWS
TRY_SECONDS = 20
log = logging.getLogger(__name__)


@functools.cache
def refusal() -> str:
    """Return why functions cannot run in a sandbox here; empty when they can.

    It is tried once, and takes a moment.
    """
    if sys.platform != "linux":
        return "only Linux has namespaces"
    if os.environ.get(VARIABLE) == GUARD:
        return f"{VARIABLE} is {GUARD}"
    with tempfile.TemporaryDirectory(prefix="workbook-sandbox-") as folder:
        for name in ("root", "task", "opt", "tmp"):
            Path(folder, name).mkdir()
        settings = view(Path(folder), 1, interpreter_folders(sys.executable, os.__file__))
        command = [sys.executable, "-I", "-S", str(SANDBOX), json.dumps(settings)]
        try:
            ran = subprocess.run(
                [*command, sys.executable, "-I", "-S", "-c", "import socket"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TRY_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            reason = str(problem)
        else:
            lines = ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"]
            reason = lines[-1] if ran.returncode else ""
    if reason:
        log.warning(
            "Functions run without a sandbox, since namespaces do not work here (%s). "
            "A guard keeps their Python away from your files; see docs/security.md.",
            reason,
        )
    return reason


def view(
    directory: Path, megabytes: int, folders: Sequence[str], writable: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the settings of ``runtime.sandbox`` for an environment.

    Args:
        directory: the environment's folder, which has ``root``, ``task``, ``opt`` and ``tmp``.
        megabytes: the size of its ``/tmp``.
        folders: of this machine, which it sees where they are.
        writable: those of them that it may write to.
    """
    return {
        "root": str(directory / "root"),
        "directory": str(TASK),
        "kept": str(directory / "tmp"),
        "megabytes": megabytes,
        "binds": [(str(directory / "task"), str(TASK)), (str(directory / "opt"), str(LAYERS))],
        "folders": [*folders, *writable],
        "writable": list(writable),
    }


def interpreter_folders(executable: str, library: str) -> list[str]:
    """Return the folders that an interpreter needs: its own, and that of its virtual environment.

    Args:
        executable: as it is started.
        library: the folder of its standard library, or a file in it.
    """
    place = Path(library)
    prefix = (place if place.is_dir() else place.parent).parent.parent
    environment = Path(executable).parent.parent
    found = [prefix] if not prefix.is_relative_to("/usr") else []
    if (environment / "pyvenv.cfg").exists():
        found.append(environment)
    real = Path(executable).resolve().parent.parent
    if not real.is_relative_to("/usr") and real not in found:
        found.append(real)
    return [str(folder) for folder in found]
