"""What a function can see of this machine, with a sandbox and with only a guard.

The sandbox's rules are those of Lambda's execution environment [DG:lambda-runtime-environment].
"""

import contextlib
import io
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, entry, invoke, log_lines, zipped
from workbook import target
from workbook.localaws.functions import isolation
from workbook.localaws.functions.interpreters import SUPPORTED
from workbook.target import Aws

SECRET = "WORKBOOK_TEST_SECRET"
sandboxed = pytest.mark.skipif("isolation.refusal()", reason="no namespaces on this machine")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Aws]:
    """A local AWS without a sandbox, as on macOS and Windows."""
    with contextlib.ExitStack() as kept:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(isolation.VARIABLE, isolation.GUARD)
            aws = kept.enter_context(target.connect(target.LOCAL))
        yield aws


@pytest.fixture(params=["sandbox", "guard"])
def either(request: pytest.FixtureRequest) -> Aws:
    """A local AWS with each of the two methods in turn."""
    if request.param == "sandbox" and isolation.refusal():
        pytest.skip("no namespaces on this machine")
    found: Aws = request.getfixturevalue("local" if request.param == "sandbox" else "guarded")
    return found


def run(aws: Aws, body: str, event: Any = None, **settings: Any) -> Any:
    """Run the body of a handler; return its result, or the text of its exception."""
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    code = f"""
import ctypes, json, os, shutil, subprocess, sys, tempfile
def handler(event, context):
    try:
{lines}
    except Exception as problem:
        return f"{{type(problem).__name__}}: {{problem}}"
"""
    return invoke(aws, create(aws, code, Timeout=20, **settings), event)[1]


def archive(*files: tuple[zipfile.ZipInfo, str]) -> bytes:
    """Return a zip of entries and their contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for info, text in files:
            made.writestr(info, text)
    return buffer.getvalue()


def layer(aws: Aws, **files: str) -> str:
    """Publish a layer; return its ARN."""
    content: Any = {"ZipFile": zipped(**files)}
    name = f"layer-{uuid.uuid4().hex[:8]}"
    made = aws.client("lambda").publish_layer_version(LayerName=name, Content=content)
    return str(made["LayerVersionArn"])


HANDLER = "def handler(event, context): return open(event).read()"


@sandboxed
def test_the_package_is_in_var_task_and_read_only(local: Aws) -> None:
    assert run(local, "return os.getcwd(), __file__") == ["/var/task", "/var/task/app.py"]
    refused = "OSError: [Errno 30] Read-only file system: '/var/task/new'"
    assert run(local, 'open("/var/task/new", "w")') == refused
    assert run(local, 'open("new", "w")') == refused.replace("/var/task/", "")
    assert run(local, 'os.chmod("app.py", 0o777)').startswith("OSError: [Errno 30] Read-only")


@sandboxed
def test_layers_are_in_opt_in_their_order_and_read_only(local: Aws) -> None:
    layers = [layer(local, **{"a.txt": "first", "b.txt": "b"}), layer(local, **{"a.txt": "second"})]
    name = create(local, HANDLER, Layers=layers)
    assert [invoke(local, name, f"/opt/{file}.txt")[1] for file in "ab"] == ["second", "b"]
    refused = "OSError: [Errno 30] Read-only file system: '/opt/new'"
    assert run(local, 'open("/opt/new", "w")') == refused


@sandboxed
def test_modules_are_found_where_pythonpath_says(local: Aws) -> None:
    code = zipped(
        app="import more\ndef handler(event, context): return more.X", **{"v/more.py": "X=1"}
    )
    variables = {"Variables": {"PYTHONPATH": "/var/task/v"}}
    assert invoke(local, create(local, code, Environment=variables))[1] == 1


@pytest.mark.parametrize("runtime", SUPPORTED)
def test_byte_code_of_another_function_is_not_used(either: Aws, runtime: str) -> None:
    """Their files have the same path, and may have the same size and time."""
    code = "def handler(event, context): return {}"
    for number in range(3):
        assert invoke(either, create(either, code.format(number), Runtime=runtime))[1] == number


@sandboxed
def test_tmp_is_as_large_as_the_ephemeral_storage(local: Aws) -> None:
    """512 MB by default [DG:configuration-ephemeral-storage]."""
    size = "return os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize // 2**20"
    assert run(local, size) == 512
    assert run(local, size, EphemeralStorage={"Size": 600}) == 600


@sandboxed
def test_a_full_tmp_is_an_error_in_the_function(local: Aws) -> None:
    fill = """
with open("/tmp/much", "wb") as file:
    for _ in range(600):
        file.write(bytes(2**20))
"""
    assert run(local, fill, MemorySize=1024) == "OSError: [Errno 28] No space left on device"


def test_a_function_that_empties_tmp_affects_only_itself(either: Aws) -> None:
    """Neither the user's files nor another function's are affected."""
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        run(
            either,
            """
for name in os.listdir("/tmp"):
    path = os.path.join("/tmp", name)
    shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.remove(path)
""",
        )
        assert Path(file.name).exists()
    assert run(either, "return 1") == 1


@pytest.mark.parametrize(
    "body",
    ["open(event).read()", "os.remove(event)", "open(event, 'a')", "os.rename(event, event + 'x')"],
)
def test_the_users_files_can_be_neither_read_nor_changed(either: Aws, body: str) -> None:
    with tempfile.NamedTemporaryFile(dir=Path.home()) as file:
        refused = run(either, body, file.name)
        assert refused.startswith(("FileNotFoundError", "PermissionError", "OSError")), refused
        assert Path(file.name).exists()


def test_the_guards_refusal_names_the_local_aws_and_the_fix(guarded: Aws) -> None:
    refused = run(guarded, "open('/tmp/x', 'w')")
    assert refused.startswith("OSError: [Errno 30] Read-only file system (the local AWS keeps")
    assert "tempfile.gettempdir()" in refused
    assert run(guarded, "open(tempfile.gettempdir() + '/x', 'w').close()\nreturn 1") == 1


@pytest.mark.parametrize("way", ["sandbox", isolation.GUARD])
def test_no_secret_in_the_users_environment_can_be_read(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Neither in the function's own environment nor in another process'."""
    if way == isolation.GUARD:
        monkeypatch.setenv(isolation.VARIABLE, isolation.GUARD)
    monkeypatch.setenv(SECRET, "tell nobody")
    body = f"""
found = []
for process in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
    try:
        with open(f"/proc/{{process}}/environ") as file:
            found += [process] if "{SECRET}" in file.read() else []
    except OSError:
        pass
return found, "{SECRET}" in os.environ
"""
    with target.connect(target.LOCAL) as aws:
        assert run(aws, body) == [[], False]


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux has a sandbox")
def test_the_reason_for_no_sandbox_is_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(isolation, "SANDBOX", Path("/no/such/file"))
    reason = isolation.refusal.__wrapped__()
    assert "/no/such/file" in reason
    assert f"namespaces do not work here ({reason})" in caplog.text


@sandboxed
def test_processes_of_this_machine_cannot_be_seen(local: Aws) -> None:
    own = run(local, "return [n for n in os.listdir('/proc') if n.isdigit()]")
    assert len(own) == 2  # an init, and the function


@sandboxed
def test_a_function_cannot_look_into_the_process_before_it(local: Aws) -> None:
    """That process has a folder of this machine open. On AWS too, its environment is unreadable."""
    refused = "PermissionError: [Errno 13] Permission denied: '/proc/1/environ'"
    assert run(local, "open('/proc/1/environ')\nopen('/proc/1/environ').read()") == refused
    body = """
reached = []
for number in range(64):
    try:
        reached += os.listdir(f"/proc/1/fd/{number}/../../..")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
return reached
"""
    assert run(local, body) == []
    assert "AWS_REGION=" in run(local, "return open('/proc/self/environ').read()")


@sandboxed
def test_a_function_cannot_mount(local: Aws) -> None:
    body = """
libc = ctypes.CDLL(None, use_errno=True)
results = [libc.umount2(b"/tmp", 2), libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)]
return results, os.strerror(ctypes.get_errno())
"""
    assert run(local, body) == [[-1, -1], "Operation not permitted"]


@sandboxed
def test_locks_and_pools_of_multiprocessing_fail(local: Aws) -> None:
    """There is no /dev/shm [https://bugs.python.org/issue38428]."""
    for what in ("Lock()", "Queue()", "Pool(2)"):
        body = f"import multiprocessing\nmultiprocessing.{what}"
        assert run(local, body) == "OSError: [Errno 38] Function not implemented"
    piped = """
import multiprocessing
one, other = multiprocessing.Pipe()
process = multiprocessing.Process(target=other.send, args=[5])
process.start()
process.join()
return one.recv()
"""
    assert run(local, piped) == 5


@sandboxed
def test_files_that_others_may_not_read_cannot_be_imported(local: Aws) -> None:
    """Lambda runs code as another user: "global read permissions" [DG:python-package]."""
    code = archive((entry("app.py", 0o600), "def handler(event, context): return 1"))
    _, error = invoke(local, create(local, code))
    assert error["errorMessage"].endswith("[Errno 13] Permission denied: '/var/task/app.py'")


@sandboxed
def test_modes_of_a_zip_are_kept_and_a_copy_can_be_changed(local: Aws) -> None:
    """[D23] Only the file system of the code cannot be written."""
    body = """import os, shutil
def handler(event, context):
    shutil.copytree("/var/task", "/tmp/copy")
    with open("/tmp/copy/data/note.txt", "a") as copy:
        copy.write("!")
    return [oct(os.stat(f"/var/task/{name}").st_mode)[-3:] for name in event]
"""
    code = archive(
        (entry("app.py"), body),
        (entry("data/note.txt", 0o644), "note"),
        (entry("tool", 0o755), "#!/bin/sh"),
    )
    name = create(local, code)
    assert invoke(local, name, ["data/note.txt", "tool"])[1] == ["644", "755"]


@sandboxed
def test_links_of_a_zip_are_kept(local: Aws) -> None:
    code = archive(
        (entry("app.py"), HANDLER),
        (entry("data/real.txt"), "real"),
        (entry("linked.txt", stat.S_IFLNK | 0o777), "data/real.txt"),
        (entry("out.txt", stat.S_IFLNK | 0o777), str(Path(__file__))),
    )
    name = create(local, code)
    assert invoke(local, name, "linked.txt")[1] == "real"
    assert invoke(local, name, "out.txt")[1]["errorType"] == "FileNotFoundError"


@sandboxed
def test_a_wrapper_starts_the_runtime(local: Aws) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER [DG:runtimes-modify]."""
    wrapper = '#!/bin/bash\nexport WRAPPED=yes\necho wrapped\nexec "$@"\n'
    code = archive(
        (entry("app.py"), "import os\ndef handler(event, context): return os.environ['WRAPPED']"),
        (entry("start", 0o755), wrapper),
    )
    variables = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/start"}}
    name = create(local, code, Environment=variables)
    assert invoke(local, name)[1] == "yes"
    assert "wrapped\n" in log_lines(local, name)


@sandboxed
def test_programs_of_the_system_run(local: Aws) -> None:
    body = (
        "return subprocess.run(['sh', '-c', 'id -un; pwd'], capture_output=True, text=True).stdout"
    )
    assert run(local, body) == "sbx_user1051\n/var/task\n"
    assert (
        run(local, "return subprocess.check_output([sys.executable, '-c', 'print(1)'], text=True)")
        == "1\n"
    )


@sandboxed
def test_a_child_has_the_interpreter_and_the_packages_of_the_runtime(local: Aws) -> None:
    """By AWS's PATH and PYTHONPATH [OBS]; boto3 is in /var/runtime [SEEN]."""
    path = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
    assert run(local, "return os.environ['PATH']") == path
    tell = "import boto3, six, sys; from importlib.metadata import version; " + (
        "print(sys.version, boto3.__file__, boto3.__version__, version('boto3'))"
    )
    body = f"""
def child(): return subprocess.check_output(["python3", "-c", {tell!r}], text=True)
import boto3
from importlib.metadata import version
own = f"{{sys.version}} {{boto3.__file__}} {{boto3.__version__}} {{version('boto3')}}\\n"
return own, child(), shutil.which("python3")
"""
    own, child, program = run(local, body)
    assert own == child
    assert "/var/runtime/boto3/__init__.py" in own
    assert program == "/var/lang/bin/python3"


@sandboxed
def test_sh_is_bash(local: Aws) -> None:
    """As on Amazon Linux, so that bootstraps can use ``set -o pipefail``."""
    script = "set -o pipefail; false | true || echo $BASH_VERSION"
    body = f"return subprocess.check_output(['/bin/sh', '-c', {script!r}], text=True)"
    assert run(local, body)[0].isdigit()


def test_the_memory_of_a_child_counts(either: Aws) -> None:
    code = """
import subprocess, sys
def handler(event, context):
    program = "import time; data = bytearray(b'1') * (300 * 2**20); time.sleep(60)"
    subprocess.run([sys.executable, "-c", program])
"""
    name = create(either, code, Timeout=60)
    assert invoke(either, name)[1]["errorMessage"].endswith("signal: killed")
    assert "Error Type: Runtime.OutOfMemory" in log_lines(either, name)[-1]


def test_the_memory_limit_applies_at_import_too(either: Aws) -> None:
    code = """
import time
data = bytearray(b"1") * (300 * 2**20)
time.sleep(60)
def handler(event, context): pass
"""
    name = create(either, code, Timeout=60)
    assert invoke(either, name)[1]["errorMessage"].endswith("signal: killed")


def test_memory_that_grows_gradually_counts(either: Aws) -> None:
    code = """
kept = []
def handler(event, context): kept.append(bytearray(b"1") * (30 * 2**20))
"""
    name = create(either, code)
    errors = [invoke(either, name)[1] for _ in range(5)]
    assert any(error and error["errorMessage"].endswith("signal: killed") for error in errors)
