"""Prepare the process of an environment: its folders, its command and its variables."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.localaws.functions import interpreters, package, variables
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.interfaces import Credentials

OFFICIAL_CLIENT, OWN_CLIENT = "awslambdaric", "workbook"
# Names the client to use; for the tests, which hold both to the same rules.
CLIENT_VARIABLE = "WORKBOOK_RUNTIME_CLIENT"
RUNTIME = Path(__file__).parent / "runtime"


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that it takes to start a process.

    ``paths`` pairs each folder of this machine with what it is called on AWS.
    """

    command: list[str]
    variables: dict[str, str]
    task_root: Path
    paths: list[tuple[str, str]]

    def shown(self, text: str) -> str:
        """Return a text with the paths of this machine as they would be on AWS."""
        for real, name in self.paths:
            if real in text:
                text = text.replace(real, name)
        return text


def prepare(
    function: FunctionVersion,
    directory: Path,
    endpoint_url: str,
    log_stream: str,
    credentials: Credentials,
) -> Launch:
    """Fill an environment's folders and return how to start it; takes a while, so not on the loop.

    Args:
        function: what it runs.
        directory: the environment's own; it is created.
        endpoint_url: where the function's boto3 finds the local AWS.
        log_stream: the name of its log stream.
        credentials: of its role.

    Raises:
        OSError: the folders cannot be filled.
    """
    task, layers, temporary = directory / "task", directory / "opt", directory / "tmp"
    for folder in (task, layers, temporary):
        folder.mkdir(parents=True)
    package.extract(function.code, task)
    for layer in function.layer_code:
        package.extract(layer, layers)
    provided = function.runtime in interpreters.PROVIDED
    python = None if provided else interpreters.find(function.runtime)
    environment = variables.build(
        function,
        endpoint_url=endpoint_url,
        task_root=task,
        layers=layers,
        temporary=temporary,
        runtime_directory=RUNTIME,
        log_stream=log_stream,
        credentials=credentials,
        libraries=[Path(python.library).parent] if python else [],
    )
    paths = [(str(task), "/var/task"), (str(layers), "/opt"), (str(temporary), "/tmp")]
    if python is None:
        # The first of the two that is there; a missing one fails when it is started.
        bootstraps = [task / "bootstrap", layers / "bootstrap"]
        bootstrap = next(filter(Path.exists, bootstraps), bootstraps[0])
        return Launch([str(bootstrap)], environment, task, paths)
    version = ".".join(python.version.split(".")[:2])
    settings = _settings(python, version, task, layers, directory.parent / f"bytecode-{version}")
    paths.append((str(RUNTIME), "/var/runtime"))
    paths += [(folder, "/var/runtime") for folder in settings["folders"]]
    paths.append((python.library, f"/var/lang/lib/python{version}"))
    return Launch(
        [python.executable, "-S", "-s", str(RUNTIME / "bootstrap.py"), json.dumps(settings)],
        environment,
        task,
        paths,
    )


def _settings(
    python: interpreters.Interpreter, version: str, task: Path, layers: Path, bytecode: Path
) -> dict[str, Any]:
    """Return what ``runtime.bootstrap`` must know: the import path, the packages, the client."""
    wanted = os.environ.get(CLIENT_VARIABLE, OFFICIAL_CLIENT) == OFFICIAL_CLIENT
    official = wanted and python.is_ours and interpreters.has_official_client()
    names, folders = interpreters.packages(official)
    return {
        "path": [
            str(task),
            str(layers / "python" / "lib" / f"python{version}" / "site-packages"),
            str(layers / "python"),
        ],
        "names": names,
        "folders": folders,
        "client": OFFICIAL_CLIENT if official else str(RUNTIME / "client.py"),
        # Our packages' folders must not collect the byte code of other interpreters.
        "bytecode": "" if python.is_ours else str(bytecode),
    }
