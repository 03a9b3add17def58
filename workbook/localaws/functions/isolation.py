"""Isolate a function's process from this machine, with namespaces or a guard."""

import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

RUNTIME = Path(__file__).parent / "runtime"
SANDBOX = RUNTIME / "sandbox.py"
# "guard" disables namespaces; for the tests, which check both methods.
VARIABLE = "WORKBOOK_ISOLATION"
GUARD = "guard"
# In the sandbox, and on AWS.
INTERPRETER_DIRECTORY = Path("/var/lang/bin")
TASK, LAYERS, TEMPORARY = Path("/var/task"), Path("/opt"), Path("/tmp")
RUNTIME_DIRECTORY = Path("/var/runtime")
# In the sandbox only.
PACKAGES, BYTECODE = Path("/var/packages"), Path("/var/bytecode")
TRY_SECONDS = 60  # a tenth of a second, except on a machine that has a lot else to do
log = logging.getLogger(__name__)


@functools.cache
def refusal() -> str:
    """Return why functions cannot run in a sandbox here; empty if they can.

    This makes one attempt, which takes a moment.
    """
    if sys.platform != "linux":
        return "only Linux has namespaces"
    if os.environ.get(VARIABLE) == GUARD:
        return f"{VARIABLE} is {GUARD}"
    with tempfile.TemporaryDirectory(prefix="workbook-sandbox-") as folder:
        for name in ("root", "task", "opt", "tmp"):
            Path(folder, name).mkdir()
        settings = view(Path(folder), 1, interpreter_folders(sys.executable, os.__file__))
        python = [os.path.realpath(sys.executable), "-I", "-S"]
        try:
            ran = subprocess.run(
                [*python, str(SANDBOX), json.dumps(settings), *python, "-c", "import socket"],
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
            "Functions run without a sandbox, because namespaces do not work here (%s). "
            "A guard keeps their Python away from your files; see docs/security.md.",
            reason,
        )
    return reason


def view(
    directory: Path,
    megabytes: int,
    interpreters: Sequence[str],
    binds: Mapping[Path, Path] = MappingProxyType({}),
    writable: Sequence[Path] = (),
    links: Mapping[Path, Path] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the settings of ``runtime.sandbox`` for an environment.

    Args:
        directory: the environment's folder, with ``root``, ``task``, ``opt`` and ``tmp`` in it.
        megabytes: the size of its ``/tmp``.
        interpreters: folders of this machine that are visible at the same paths.
        binds: further paths in the sandbox, and what they show of this machine.
        writable: those paths that the function may write to.
        links: symbolic links in the sandbox: their paths, and the paths that they lead to.
    """
    places = {
        TASK: directory / "task",
        LAYERS: directory / "opt",
        **binds,
    }
    return {
        "root": str(directory / "root"),
        "directory": str(TASK),
        "kept": str(directory / "tmp"),
        "megabytes": megabytes,
        "binds": [
            *((folder, folder) for folder in interpreters),
            *((str(real), str(place)) for place, real in places.items()),
        ],
        "links": [(str(target), str(place)) for place, target in links.items()],
        "writable": list(map(str, writable)),
    }


def interpreter_folders(executable: str, library: str) -> list[str]:
    """Return the folders that an interpreter needs besides the system's.

    Args:
        executable: the interpreter's path; links are followed, such as that of a virtual
            environment.
        library: the folder of its standard library, or a file in that folder.
    """
    place = Path(library)
    of_library = (place if place.is_dir() else place.parent).parent.parent
    of_executable = Path(executable).resolve().parent.parent
    found = dict.fromkeys([of_library, of_executable])
    return [str(folder) for folder in found if not folder.is_relative_to("/usr")]
