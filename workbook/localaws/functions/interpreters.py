"""Find the interpreter for a ``python3.x`` function, if possible of that version."""

import contextlib
import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workbook.localaws.function_arn import is_public_layer

SUPPORTED = (
    *("python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13"),
    "python3.14",
)
PROVIDED = ("provided.al2", "provided.al2023")
PROBE_SECONDS = 10
PROBE = """
import os, platform, sys
print(sys.executable, platform.python_version(), os.path.dirname(os.__file__), sep="\\n")
"""
# The installed boto3 does not support these versions; this process' interpreter runs them.
WITHOUT_BOTO3 = ("python3.8", "python3.9")

# The packages in Lambda's Python runtimes: boto3 with what it needs, and the runtime client's
# dependencies.
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")
RUNTIME_CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter; ``version`` is its full version, such as ``3.11.7``.

    ``library`` is the folder of its standard library.
    """

    executable: str
    version: str
    library: str

    @property
    def is_ours(self) -> bool:
        """Return whether this process' native modules work in it."""
        return self.version.split(".")[:2] == platform.python_version().split(".")[:2]


@functools.cache
def find(runtime: str, layers: tuple[str, ...] = ()) -> Interpreter:
    """Return the interpreter for a runtime: of its version if found, otherwise this process' own.

    A public layer has the packages installed for this process, some of them compiled, so functions
    with one run on this process' interpreter. Each interpreter found is run once, because a name on
    the path can be a launcher that starts nothing.

    Args:
        runtime: such as ``python3.13``.
        layers: the ARNs of the function's layers.
    """
    ours = Interpreter(sys.executable, platform.python_version(), str(Path(os.__file__).parent))
    version = runtime.removeprefix("python")
    if ours.version.startswith(version + ".") or runtime in WITHOUT_BOTO3:
        return ours
    if any(is_public_layer(arn) for arn in layers):
        return ours
    for candidate in _candidates(version):
        try:
            ran = subprocess.run(
                [candidate, "-I", "-S", "-c", PROBE],
                capture_output=True,
                text=True,
                timeout=PROBE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        printed = ran.stdout.splitlines()
        if ran.returncode == 0 and len(printed) == 3 and printed[1].startswith(version + "."):
            return Interpreter(*printed)
    return ours


def runtime_label(runtime: str, layers: tuple[str, ...] = ()) -> str:
    """Return the name of a runtime in INIT_START: the interpreter's version, in AWS's format.

    ``3.11.7`` becomes python:3.11.v7; ``provided.al2023`` becomes provided:al2023.v1.
    """
    if runtime in PROVIDED:
        return runtime.replace(".", ":", 1) + ".v1"
    major, minor, micro = find(runtime, layers).version.split(".", 2)
    return f"python:{major}.{minor}.v{micro}"


def home() -> Path:
    """Return this user's home; ``~``, which is not a folder, if there is none."""
    return Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home would raise an error


def _candidates(version: str) -> list[str]:
    """Return possible interpreters of a version: on the path, or installed by pyenv or uv."""
    found = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", home() / ".pyenv"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home() / ".local/share/uv/python"))
    for root, pattern in ((pyenv / "versions", f"{version}.*"), (uv, f"cpython-{version}.*")):
        with contextlib.suppress(OSError):  # another user's folder
            for place in sorted(root.glob(pattern), reverse=True):
                found += [str(place / "bin" / f"python{version}"), str(place / "python.exe")]
    return [path for path in found if path is not None and os.access(path, os.X_OK)]


@functools.cache
def has_official_client() -> bool:
    """Return whether awslambdaric is installed, with its native part."""
    return all(importlib.util.find_spec(name) is not None for name in RUNTIME_CLIENT[:2])


@functools.cache
def packages(official_client: bool) -> tuple[list[str], list[str]]:
    """Return what a function may import besides its zip: top-level names, and their folders."""
    names = [*SDK, *(RUNTIME_CLIENT if official_client else ())]
    folders: list[str] = []
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        path = Path(spec.origin)
        folder = str(path.parent.parent if spec.submodule_search_locations else path.parent)
        if folder not in folders:
            folders.append(folder)
    return names, folders


@functools.cache
def entries(names: tuple[str, ...], folder: str) -> list[str]:
    """Return the files and folders of packages in one of the folders that ``packages`` returns.

    With the description of each package, and the byte code of those that are a single file.
    """
    wanted = {*names, "python_dateutil", "__pycache__"}
    return [
        entry
        for entry in os.listdir(folder)  # noqa: PTH208  # names are wanted, not paths
        if entry.split(".")[0].split("-")[0] in wanted
        and ("-" not in entry.split(".")[0] or entry.endswith(".dist-info"))
    ]
