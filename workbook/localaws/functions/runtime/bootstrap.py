"""Run first in a function's process.

This makes the interpreter see what Lambda's would: the standard library, the function's zip, its
layers and boto3, but nothing else of the host. Then it starts the runtime client. It uses the
standard library only, and runs on every supported version of Python.
"""

import importlib.machinery
import json
import os
import sys

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution, DistributionFinder
    from typing import Any

# What distributions are called whose package has another name.
DISTRIBUTIONS = {"dateutil": "python-dateutil", "snapshot_restore_py": "snapshot-restore-py"}


class RuntimePackages:
    """Finds the packages of the runtime, after all other finders, so the zip comes first."""

    def __init__(self, names: "list[str]", folders: "list[str]") -> None:
        self._names = frozenset(names)
        self._folders = folders

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> "importlib.machinery.ModuleSpec | None":
        """Find a package by its top-level name; modules inside it are found as usual."""
        if path is None and name in self._names:
            return importlib.machinery.PathFinder.find_spec(name, self._folders)
        return None

    def find_distributions(self, context: "DistributionFinder.Context") -> "Iterable[Distribution]":
        """Find distributions for ``importlib.metadata``: one by name, or all."""
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        for name in self._names:
            name = DISTRIBUTIONS.get(name, name)
            if context.name is None or context.name.lower().replace("_", "-") == name:
                own = DistributionFinder.Context(name=name, path=self._folders)
                yield from MetadataPathFinder.find_distributions(own)

    def invalidate_caches(self) -> None:
        """Do nothing: this finder caches nothing."""


def isolate(settings: "dict[str, Any]") -> None:
    """Isolate this process from the machine; the function cannot import the modules that do it."""
    if settings["sandbox"]:
        import sandbox  # type: ignore[import-not-found]  # beside this file

        sandbox.enter(settings["sandbox"])
    if settings["guard"]:
        import guard  # type: ignore[import-not-found]  # beside this file

        guard.install(**settings["guard"])
    sys.modules.pop("sandbox", None)
    sys.modules.pop("guard", None)


def refuse_semaphores() -> None:
    """Make locks, queues and pools of multiprocessing fail with AWS's message: it has no /dev/shm.

    The system's message depends on its C library.
    """
    import _multiprocessing  # type: ignore[import-not-found]  # there is no stub
    import errno

    class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]
        def __new__(cls, *args: object) -> "SemLock":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    _multiprocessing.SemLock = SemLock


def main() -> None:
    """Set the interpreter up according to ``settings``, and run the client."""
    settings = json.loads(sys.argv[1])
    isolate(settings)
    if os.name == "posix":
        refuse_semaphores()
    sys.path_importer_cache.clear()  # of folders that are new, such as in PYTHONPATH
    if settings["bytecode"]:
        sys.pycache_prefix = settings["bytecode"]
    sys.path[0:1] = settings["path"]
    sys.meta_path.append(RuntimePackages(settings["names"], settings["folders"]))
    os.environ.setdefault("PYTHONPATH", os.environ["LAMBDA_RUNTIME_DIR"])
    handler = os.environ["_HANDLER"]
    sys.argv = [sys.argv[0], handler]
    if settings["client"] == "awslambdaric":
        from awslambdaric.__main__ import main as run

        run(sys.argv)
    else:
        import runpy

        runpy.run_path(settings["client"], run_name="__main__")


if __name__ == "__main__":
    main()
