"""The local AWS on unusual machines, and what is left when one of its processes is killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.localaws.functions.lambda_functions import create, invoke, processes_of
from workbook import target
from workbook.localaws.functions import isolation
from workbook.localaws.functions.processes import Processes
from workbook.target import Aws

FINE = "def handler(event, context): return 'fine'"
# Makes every temporary folder fail, as on a disk that is full or read-only.
FULL = """
import errno, os, sys, tempfile
def full(*args, **kwargs):
    raise OSError(errno.{name}, os.strerror(errno.{name}))
tempfile.mkdtemp = full
from workbook import cli
sys.exit(cli.main(["serve", "--port", "0"]))
"""


@pytest.mark.parametrize("name", ["ENOSPC", "EROFS", "ENOENT"])
def test_without_a_temporary_folder_serve_explains_what_to_do(name: str) -> None:
    code = FULL.format(name=name)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("workbook serve: cannot create a temporary folder (")
    assert "TMPDIR" in ended.stderr
    assert "port" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_notebook_shows_why_the_local_aws_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Python imports this module when it starts."""
    patch = "\n".join(FULL.format(name="ENOSPC").splitlines()[:5])
    (tmp_path / "sitecustomize.py").write_text(patch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"cannot create a temporary folder .* TMPDIR"):
        target.connect(target.LOCAL)


@pytest.fixture(params=["sandbox", "guard"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Aws]:
    """A local AWS of a user whose folders have unusual names."""
    if request.param == "sandbox" and isolation.refusal():
        pytest.skip("no namespaces on this machine")
    home = tmp_path / "Jürgen's Müller Ordner"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("TMPDIR", str(home))
        if request.param == "guard":
            patch.setenv(isolation.VARIABLE, isolation.GUARD)
        aws = target.connect(target.LOCAL)
    with aws:
        yield aws
    assert list(home.glob("workbook-*")) == []


def test_a_home_folder_may_have_spaces_and_umlauts(odd: Aws) -> None:
    code = """
import tempfile
def handler(event, context):
    with tempfile.TemporaryFile() as file:
        return file.write(b"four")
"""
    assert invoke(odd, create(odd, code))[1] == 4


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has other permissions")
def test_no_other_user_can_read_the_functions_folder() -> None:
    processes = Processes()
    processes.open()
    try:
        assert processes.directory.stat().st_mode & 0o077 == 0
    finally:
        processes.close()


def ends(process: psutil.Process) -> bool:
    """Wait until a process has ended; return whether it did."""
    with suppress(psutil.NoSuchProcess):
        process.wait(30)
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no SIGKILL")
def test_killing_any_process_leaves_nothing_and_the_next_start_works() -> None:
    """The function's own, those that make its sandbox, and the server, each in turn."""
    aws = target.connect(target.LOCAL)
    assert aws._process is not None
    name = create(aws, FINE)
    assert invoke(aws, name)[1] == "fine"
    for number in range(len(processes_of(name))):
        before = processes_of(name)
        before[number].kill()
        assert ends(before[number])
        for _ in range(2):  # the first may reach the process that was killed
            answer = invoke(aws, name)[1]
        assert answer == "fine"
        assert all(map(ends, before))
    server = psutil.Process(aws._process.pid)
    before = server.children(recursive=True)
    folders = set(Path(tempfile.gettempdir()).glob("workbook-functions-*"))
    kept = {
        folder for one in before for folder in folders if str(folder) in " ".join(one.cmdline())
    }
    assert len(kept) == 1
    os.kill(server.pid, 9)
    aws._process.wait()
    assert all(map(ends, before))
    assert [folder for folder in kept if folder.exists()] == []
    with target.connect(target.LOCAL) as again:
        assert invoke(again, create(again, FINE))[1] == "fine"
