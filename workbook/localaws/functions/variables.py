"""The environment variables with which a function's process starts [OBS, python3.14]."""

import os
from collections.abc import Sequence
from pathlib import Path

from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.interpreters import PROVIDED
from workbook.localaws.functions.isolation import INTERPRETER_DIRECTORY
from workbook.localaws.interfaces import Credentials

_TEMPORARY = ("HOME", "TMPDIR", "TEMP", "TMP")  # not set on AWS, where ``/tmp`` exists
# Variables of the host without which a process cannot start on Windows.
_SYSTEM = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR")


def build(
    function: FunctionVersion,
    *,
    endpoint_url: str,
    task_root: Path,
    layers: Path,
    temporary: Path | None,
    runtime_directory: Path,
    log_stream: str,
    credentials: Credentials,
    libraries: Sequence[Path] = (),
) -> dict[str, str]:
    """Return all variables except AWS_LAMBDA_RUNTIME_API, which differs for each process.

    This machine's environment is not included.

    Args:
        function: its own variables come last, as on AWS.
        endpoint_url: the local AWS's address, for boto3.
        task_root: the folder of the code, from which the function opens files.
        layers: the folder that is ``/opt`` on AWS.
        temporary: the folder that is ``/tmp`` on AWS; None if it is that here too.
        runtime_directory: the folder of the bootstrap.
        log_stream: the log stream of this environment.
        credentials: the credentials of the function's role.
        libraries: the interpreter's folders of shared libraries.
    """
    return {
        **{name: os.environ[name] for name in _SYSTEM if name in os.environ},
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        **_logging(dict(function.logging)),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_directory),
        "LD_LIBRARY_PATH": ":".join(
            map(str, (*libraries, task_root, task_root / "lib", layers / "lib"))
        ),
        "PATH": _path(function.runtime, layers, is_sandboxed=temporary is None),
        "PWD": str(task_root),
        "SHLVL": "0",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "PYTHONIOENCODING": "utf-8",
        "TZ": ":UTC" if os.name == "posix" else "UTC",
        **dict.fromkeys(_TEMPORARY if temporary else (), str(temporary)),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        **dict(function.variables),
    }


def _path(runtime: str, layers: Path, *, is_sandboxed: bool) -> str:
    """Return PATH as on AWS [OBS, SEEN], or without a sandbox, this machine's default."""
    if not is_sandboxed:
        return os.pathsep.join([os.defpath, str(layers / "bin")])
    system = f"/usr/local/bin:/usr/bin/:/bin:{layers / 'bin'}"
    return system if runtime in PROVIDED else f"{INTERPRETER_DIRECTORY}:{system}"


def _logging(config: dict[str, str]) -> dict[str, str]:
    """Return a LoggingConfig's variables for the runtime client; none for the default."""
    if config["LogFormat"] == "Text":
        return {}
    return {
        "AWS_LAMBDA_LOG_FORMAT": config["LogFormat"],
        "AWS_LAMBDA_LOG_LEVEL": config["ApplicationLogLevel"],
    }
