"""Prepare the process of an environment: its folders, command and variables."""

import errno
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.localaws.functions import interpreters, isolation, package, variables
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.isolation import RUNTIME
from workbook.localaws.interfaces import Credentials

OFFICIAL_CLIENT, OWN_CLIENT = "awslambdaric", "workbook"
# Selects the runtime client; for the tests, which check both clients against the same rules.
CLIENT_VARIABLE = "WORKBOOK_RUNTIME_CLIENT"

# Where the runtime client writes frames: see ``output``.
FRAMES_VARIABLE, STANDARD_OUTPUT = "_LAMBDA_TELEMETRY_LOG_FD", "1"
WRAPPER_VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"  # [DG:runtimes-modify]


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything needed to start a process.

    Args:
        command: the program and its arguments.
        variables: its complete environment.
        directory: its working directory.
        paths: pairs of a folder on this machine and its name on AWS.
        is_sandboxed: whether it runs in a sandbox.
        program: a file that must exist and be executable, or None.
    """

    command: list[str]
    variables: dict[str, str]
    directory: Path
    paths: list[tuple[str, str]]
    is_sandboxed: bool
    program: Path | None = None

    def check(self) -> None:
        """Check for problems that could not be reported from within the sandbox.

        Raises:
            OSError: the program does not exist, or may not be executed.
        """
        if self.program is None:
            return
        if not self.program.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not self.program.stat().st_mode & 0o111:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def shown(self, text: str) -> str:
        """Return text with this machine's paths replaced by those on AWS."""
        for real, name in self.paths:
            if real in text:
                text = text.replace(real, name)
        return text


@dataclass(frozen=True, slots=True)
class Folders:
    """An environment's folders on this machine, and their paths in its process."""

    directory: Path
    is_sandboxed: bool

    @property
    def task(self) -> Path:
        """Return the package's path in the process."""
        return self.place(isolation.TASK, self.directory / "task")

    @property
    def layers(self) -> Path:
        """Return the layers' path in the process."""
        return self.place(isolation.LAYERS, self.directory / "opt")

    @property
    def runtime(self) -> Path:
        """Return the path in the process of the runtime's code."""
        return self.place(isolation.RUNTIME_DIRECTORY, RUNTIME)

    def place(self, in_sandbox: Path, real: Path) -> Path:
        """Return the path in the process of a folder of this machine."""
        return in_sandbox if self.is_sandboxed else real

    @property
    def temporary(self) -> Path | None:
        """Return the folder for temporary files; None if it is ``/tmp``."""
        return None if self.is_sandboxed else self.directory / "tmp"

    def fill(self, function: FunctionVersion) -> None:
        """Create the folders, and unpack the function's package and layers.

        Raises:
            OSError: there is no room.
        """
        for name in ("task", "opt", "tmp", "root"):
            (self.directory / name).mkdir(parents=True)
        package.extract(function.code, self.directory / "task")
        for layer in function.layer_code:
            package.extract(layer, self.directory / "opt")

    def paths(self) -> list[tuple[str, str]]:
        """Return pairs of a folder on this machine and its name on AWS."""
        names = {"task": isolation.TASK, "opt": isolation.LAYERS, "tmp": isolation.TEMPORARY}
        return [(str(self.directory / name), str(place)) for name, place in names.items()]

    def real(self, path: str) -> str:
        """Return the path in the process of a path on AWS."""
        if self.is_sandboxed:
            return path
        for real, name in self.paths():
            if path.startswith(name + "/"):
                return real + path.removeprefix(name)
        return path


def prepare(
    function: FunctionVersion,
    directory: Path,
    endpoint_url: str,
    log_stream: str,
    credentials: Credentials,
) -> Launch:
    """Fill an environment's folders and return how to start it; too slow for the event loop.

    Args:
        function: the version to run.
        directory: the environment's folder, which is created.
        endpoint_url: the local AWS's address, for the function's boto3.
        log_stream: the name of its log stream.
        credentials: the role's credentials.

    Raises:
        OSError: the folders cannot be filled.
    """
    folders = Folders(directory, is_sandboxed=not isolation.refusal())
    folders.fill(function)
    provided = function.runtime in interpreters.PROVIDED
    python = None if provided else interpreters.find(function.runtime, function.layers)
    environment = variables.build(
        function,
        endpoint_url=endpoint_url,
        task_root=folders.task,
        layers=folders.layers,
        temporary=folders.temporary,
        runtime_directory=folders.runtime,
        log_stream=log_stream,
        credentials=credentials,
        libraries=[Path(python.library).parent] if python else [],
    )
    if python is None:
        return _of_bootstrap(function, folders, environment)
    return _of_python(function, folders, environment, python)


def _of_bootstrap(
    function: FunctionVersion, folders: Folders, environment: dict[str, str]
) -> Launch:
    """Return how to start a runtime that is in the package or a layer."""
    # The first that exists; if neither does, starting it fails.
    bootstraps = [folders.directory / name / "bootstrap" for name in ("task", "opt")]
    found = next(filter(Path.exists, bootstraps), bootstraps[0])
    command = [str((folders.task if found is bootstraps[0] else folders.layers) / "bootstrap")]
    if folders.is_sandboxed:
        ours = isolation.interpreter_folders(sys.executable, os.__file__)
        command = _enter(isolation.view(folders.directory, function.storage, ours)) + command
    return Launch(
        command,
        environment,
        folders.directory / "task",
        folders.paths(),
        folders.is_sandboxed,
        found if folders.is_sandboxed else None,
    )


def _make_bytecode(directory: Path) -> None:
    """Create the folder for the packages' byte code, shared by all functions of a Python version.

    In a sandbox, all functions' code has the same path, so no byte code of it may be kept there: a
    file takes the place of the folder that it would need.
    """
    for folder in (isolation.TASK, isolation.LAYERS):
        place = directory / folder.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def _enter(view: dict[str, Any]) -> list[str]:
    """Return the command that runs the program after it in a sandbox."""
    python = os.path.realpath(sys.executable)
    return [python, "-I", "-S", str(isolation.SANDBOX), json.dumps(view)]


def _of_python(
    function: FunctionVersion,
    folders: Folders,
    environment: dict[str, str],
    python: interpreters.Interpreter,
) -> Launch:
    """Return how to start a Python runtime: directly, or through the function's wrapper."""
    version = ".".join(python.version.split(".")[:2])
    wanted = os.environ.get(CLIENT_VARIABLE, OFFICIAL_CLIENT) == OFFICIAL_CLIENT
    official = wanted and python.is_ours and interpreters.has_official_client()
    names, packages = interpreters.packages(official)
    bytecode = folders.directory.parent / f"bytecode-{version}"
    _make_bytecode(bytecode)
    places = {
        RUNTIME: folders.place(isolation.PACKAGES / "runtime", RUNTIME),
        bytecode: folders.place(isolation.BYTECODE, bytecode),
    }
    for number, folder in enumerate(packages):
        places[Path(folder)] = folders.place(isolation.PACKAGES / str(number), Path(folder))
    needed = isolation.interpreter_folders(python.executable, python.library)
    wrapper = dict(function.variables).get(WRAPPER_VARIABLE)
    settings: dict[str, Any] = {
        "path": [
            str(folders.task),
            str(folders.layers / "python" / "lib" / f"python{version}" / "site-packages"),
            str(folders.layers / "python"),
        ],
        "names": names,
        "folders": [str(folders.runtime)] if folders.is_sandboxed else packages,
        "client": OFFICIAL_CLIENT if official else str(folders.runtime / "client.py"),
        # Our packages' folders must not collect byte code of other interpreters.
        "bytecode": "" if python.is_ours else str(places[bytecode]),
        "sandbox": None,
        "guard": None,
    }
    executable, runtime, start = python.executable, RUNTIME, list[str]()
    if folders.is_sandboxed:
        executable = os.path.realpath(executable)
        if wrapper:
            needed += isolation.interpreter_folders(sys.executable, os.__file__)
        binds = {place: real for real, place in places.items()}
        writable = [places[bytecode]]
        # As on AWS: child processes of the function find both by PATH and PYTHONPATH.
        contents = {RUNTIME: ["bootstrap.py", "client.py"]}
        contents |= {Path(one): interpreters.entries(tuple(names), one) for one in packages}
        links = {
            folders.runtime / entry: places[folder] / entry
            for folder, entries in contents.items()
            for entry in entries
        }
        for name in ("python3", f"python{version}"):
            links[isolation.INTERPRETER_DIRECTORY / name] = Path(executable)
        view = isolation.view(folders.directory, function.storage, needed, binds, writable, links)
        if wrapper:
            start, runtime = _enter(view), folders.runtime
        else:
            settings["sandbox"] = view
    else:
        settings["guard"] = {
            "writable": [str(folders.directory), str(bytecode)],
            "readable": [*needed, str(Path(python.executable).parent.parent), *map(str, places)],
            "home": str(interpreters.home()),
        }
    if wrapper:
        start.append(folders.real(wrapper))
    paths = [*folders.paths(), (python.library, f"/var/lang/lib/python{version}")]
    for place in (RUNTIME, *map(Path, packages)):
        paths += [(str(place), "/var/runtime"), (str(places[place]), "/var/runtime")]
    bootstrap = [executable, "-S", "-s", str(runtime / "bootstrap.py"), json.dumps(settings)]
    directory = folders.directory / "task"
    environment = {**environment, FRAMES_VARIABLE: STANDARD_OUTPUT}
    return Launch([*start, *bootstrap], environment, directory, paths, folders.is_sandboxed)
