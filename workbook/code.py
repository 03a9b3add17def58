"""Make a package of a function of your own: a file, a folder or a zip, and its requirements."""

import ast
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from workbook.errors import UsageError

USUAL = ("lambda_handler", "handler")
LEFT_OUT = {"__pycache__", ".git", ".venv", "node_modules", ".pytest_cache", ".mypy_cache"}
MAX_ZIPPED_MB, MAX_UNZIPPED_MB = 50, 250  # [DG:gettingstarted-limits]
MB = 1024 * 1024


class Code(NamedTuple):
    """A function's package.

    Args:
        files: contents by their path in the package.
        handler: ``module.function``.
    """

    files: dict[str, bytes]
    handler: str

    @property
    def source(self) -> str:
        """The text of the handler's module."""
        path = self.handler.rpartition(".")[0].replace(".", "/") + ".py"
        return self.files.get(path, b"").decode("utf-8", "replace")

    def zipped(self, **beside: bytes) -> bytes:
        """Return the package as a zip, with other modules in it by their names."""
        return _zipped({**self.files, **{f"{name}.py": text for name, text in beside.items()}})


def zip_place(path: Path) -> bytes:
    """Return a zip of a folder, or of one file; a zip is returned as it is."""
    if path.is_dir():
        return _zipped(_of_folder(path))
    return (
        path.read_bytes() if zipfile.is_zipfile(path) else _zipped({path.name: path.read_bytes()})
    )


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def read(place: str, requirements: Path | None = None, runtime: str = "python3.13") -> Code:
    """Return the package of ``FILE[:FUNCTION]``.

    Args:
        place: a file, a folder or a zip; after a colon the function, or ``module.function``.
        requirements: what to install beside it, for Lambda's platform.
        runtime: the Python that it is installed for.

    Raises:
        UsageError: there is no such file or function.
    """
    path, name = _split(place)
    if path.is_dir():
        files = _of_folder(path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            files = {one: archive.read(one) for one in archive.namelist() if one[-1] != "/"}
    elif path.suffix == ".py":
        files = {path.name: path.read_bytes()}
    else:
        raise UsageError(f"FILE {path}: must be a Python file, a folder or a zip")
    if requirements is not None:
        files = {**_installed(requirements, runtime), **files}
    return Code(files, _handler(files, name, path))


def _split(place: str) -> tuple[Path, str]:
    path = Path(place)
    if path.exists():
        return path, ""
    before, _, name = place.rpartition(":")
    if not before or not Path(before).exists():
        raise UsageError(f"FILE {before or place}: there is no such file or folder")
    return Path(before), name


def _of_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not LEFT_OUT.intersection(path.relative_to(folder).parts)
    }


def _handler(files: dict[str, bytes], name: str, path: Path) -> str:
    """Return ``module.function``: what was named, or the only function that could be meant."""
    found = [
        f"{PurePosixPath(file).stem}.{function}"
        for file, content in files.items()
        if file.endswith(".py") and "/" not in file
        for function in _functions(content.decode("utf-8", "replace"), file)
    ]
    if "." in name and name.rpartition(".")[0].replace(".", "/") + ".py" in files:
        return name
    meant = [one for one in found if one.rpartition(".")[2] in ([name] if name else USUAL)]
    if not meant and not name:
        meant = found
    if len(meant) != 1:
        raise UsageError(
            f"FUNCTION {name or '(none given)'}: name one of {path} after a colon, such as "
            f"{path}:{(meant or found or ['app.handler'])[0].rpartition('.')[2]}; found: "
            f"{', '.join(meant or found) or 'no function of two arguments'}"
        )
    return meant[0]


def _functions(source: str, file: str) -> list[str]:
    """Return the functions that take an event and a context."""
    try:
        tree = ast.parse(source)
    except SyntaxError as problem:
        raise UsageError(f"FILE {file}: line {problem.lineno}: {problem.msg}") from None
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and len(node.args.args) - len(node.args.defaults) <= 2 <= len(node.args.args)
        and not node.name.startswith("_")
    ]


def _installed(requirements: Path, runtime: str) -> dict[str, bytes]:
    """Return the files of requirements, installed for Lambda's platform."""
    if not requirements.is_file():
        raise UsageError(f"--requirements {requirements}: there is no such file")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder),
            *("--platform", "manylinux2014_x86_64", "--only-binary", ":all:"),
            *("--python-version", runtime.removeprefix("python")),
            *("--requirement", str(requirements)),
        ]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            reason = ran.stderr.strip().splitlines()[-1:] or ["pip failed"]
            raise UsageError(f"--requirements {requirements}: {reason[0]}")
        return _of_folder(Path(folder))


def sizes(code: Code) -> str:
    """Return the size of a package beside Lambda's limits, in words."""
    zipped = len(code.zipped()) / MB
    unzipped = sum(map(len, code.files.values())) / MB
    return (
        f"package: {zipped:.1f} MB zipped (limit {MAX_ZIPPED_MB}), {unzipped:.1f} MB unzipped "
        f"(limit {MAX_UNZIPPED_MB})"
    )
