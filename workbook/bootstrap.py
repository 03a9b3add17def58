"""Set up ``.venv`` from ``requirements.lock``, which every make target does first.

The Makefile runs this file with any Python, before anything is installed. So it needs only the
standard library, and its syntax must be valid in the old Pythons that it refuses.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
READY = VENV / "ready"  # contains the digest of what is installed; make checks its age


def main() -> None:
    """Install exactly the locked versions, and the project itself in editable mode.

    Two simultaneous calls are safe: the second waits, and finds the work done.
    """
    if sys.version_info < OLDEST:
        sys.exit(
            "The workbook needs Python {}.{} or newer, but {} is {}.{}. Choose another one: "
            "make PYTHON=python3.13".format(*OLDEST, sys.executable, *sys.version_info[:2])
        )
    VENV.mkdir(exist_ok=True)
    with (VENV / "lock").open("a") as alone:
        _wait_for(alone.fileno())
        digest = hashlib.sha256(
            LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
        ).hexdigest()
        if not READY.exists() or READY.read_text() != digest:
            print("Setting up .venv (once, and after each change of the lock)", flush=True)
            _install()
        READY.write_text(digest)


def _install() -> None:
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        pip += ["--no-compile"]  # `_compile` is faster, because it uses all cores
        # The locked pip comes first: it is twice as fast as the one that came with Python.
        early = VENV / "pip.txt"
        early.write_text(_locked("pip"))
        subprocess.run([*pip, "--require-hashes", "-r", str(early)], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
        project = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        subprocess.run([*pip, *project], check=True)
        _compile(python)
        _keep_jupyterlab_from_asking_for_news()
    except subprocess.CalledProcessError as error:
        sys.exit("Setting up .venv failed at: " + " ".join(error.cmd))


def _compile(python: Path) -> None:
    """Compile the packages now, even if PYTHONDONTWRITEBYTECODE is set.

    Kernels, functions and the local AWS are processes that start often, several at once. The
    packages' tests are left out. Files for other Pythons do not compile; that is not an error.
    """
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    everything = ["-m", "compileall", "-qq", "-j", "0", "-x", r"[/\\]tests[/\\]", site]
    subprocess.run([str(python), *everything], check=False)


def _keep_jupyterlab_from_asking_for_news() -> None:
    """Disable the plugin that asks new users whether to fetch Jupyter's news.

    ``jupyter labextension disable --level=sys_prefix`` writes the same setting, but takes 4 s.
    """
    settings = VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    plugin = "@jupyterlab/apputils-extension:announcements"
    settings.write_text(json.dumps({"disabledExtensions": {plugin: True}}))


def _locked(name: str) -> str:
    """Return the lines of the lock that pin ``name``, with their hashes."""
    lines = LOCK.read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith(name + "=="))
    end = next((i for i in range(start + 1, len(lines)) if lines[i][0] != " "), len(lines))
    return "".join(lines[start:end])


def _wait_for(file: int) -> None:
    """Lock ``file``, waiting if necessary; the system releases the lock when this process ends."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                return msvcrt.locking(file, msvcrt.LK_LOCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                print("Waiting for another make to set up .venv", flush=True)
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another make to set up .venv", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)


if __name__ == "__main__":
    main()
