"""Make a deployment package of your own function: a file, a folder or a zip, and requirements."""

import ast
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from workbook.errors import UsageError
from workbook.waiting import long_wait

USUAL = ("lambda_handler", "handler")
LEFT_OUT = {"__pycache__", ".git", ".venv", "node_modules", ".pytest_cache", ".mypy_cache"}
MAX_ZIPPED_MB, MAX_UNZIPPED_MB = 50, 250  # [DG:gettingstarted-limits]
MB = 1024 * 1024
PIP_ERROR = "ERROR: "
LOOK_SECONDS = 0.2  # between looks at whether pip has ended
ARCHITECTURE = "x86_64"  # for which requirements are installed


class Code(NamedTuple):
    """A function's package.

    Args:
        files: the contents by path in the package.
        handler: ``module.function``.
        own: the paths of your own files, without those of the requirements.
    """

    files: dict[str, bytes]
    handler: str
    own: frozenset[str]

    @property
    def sources(self) -> list[str]:
        """Return the contents of your own Python files."""
        paths = sorted(path for path in self.own if path.endswith(".py"))
        return [self.files[path].decode("utf-8", "replace") for path in paths]

    @property
    def is_compiled(self) -> bool:
        """Return whether the requirements contain compiled code, which needs their runtime."""
        return any(path.endswith(".so") for path in self.files.keys() - self.own)

    def zipped(self, **beside: bytes) -> bytes:
        """Return the package as a zip, adding the modules in ``beside`` by name."""
        return _zipped({**self.files, **{f"{name}.py": text for name, text in beside.items()}})


def zip_place(path: Path) -> bytes:
    """Return a zip of a folder or a file; return a zip unchanged."""
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
            entry.create_system = 3  # Unix, on any system,
            entry.external_attr = 0o755 << 16  # so that Lambda may read it
            archive.writestr(entry, content)
    return buffer.getvalue()


def runtime() -> str:
    """Return the runtime of this Python, or the nearest that Lambda has."""
    return f"python3.{min(max(sys.version_info.minor, 9), 14)}"


def read(place: str, requirements: Path | None = None) -> Code:
    """Return the package of ``FILE[:FUNCTION]``.

    Args:
        place: a file, a folder or a zip; after a colon, the function or ``module.function``.
        requirements: a requirements file to install beside it, for Lambda's platform and
            ``runtime()``.

    Raises:
        UsageError: the file or function does not exist, or the package is larger than Lambda
            allows.
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
    if not any(file.endswith(".py") for file in files):
        raise UsageError(f"FILE {path}: it has no Python files")
    handler = _handler(files, name, path)
    installed = {} if requirements is None else _installed(requirements)
    code = Code({**installed, **files}, handler, frozenset(files))
    unzipped = sum(map(len, code.files.values())) / MB
    if unzipped > MAX_UNZIPPED_MB:
        raise UsageError(
            f"FILE {path}: its package has {unzipped:.1f} MB unzipped; Lambda takes "
            f"{MAX_UNZIPPED_MB}"
        )
    return code


def _split(place: str) -> tuple[Path, str]:
    if not place:
        raise UsageError("FILE: must name a Python file, a folder or a zip")
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
    """Return ``module.function``: the one named, or the only function that fits."""
    module, _, function = name.rpartition(".")
    if module and (file := _file_of(module, files)):
        _require(function, files[file], file)
        return name
    modules = {
        PurePosixPath(file).stem: file for file in files if file.endswith(".py") and "/" not in file
    }
    if name and len(modules) == 1:
        ((module, file),) = modules.items()
        _require(name, files[file], file)
        return f"{module}.{name}"
    found = [
        f"{module}.{function}"
        for module, file in modules.items()
        for function in _callables(files[file], file)
        if not name or function == name
    ]
    usual = [one for one in found if one.rpartition(".")[2] in USUAL]
    meant = found if name else usual or found
    if len(meant) != 1:
        raise UsageError(_unclear(name, path, meant, files))
    return meant[0]


def _unclear(name: str, path: Path, meant: list[str], files: dict[str, bytes]) -> str:
    """Return a message that lists the functions that could be named."""
    if meant:
        found = ", ".join(meant)
        which = meant[0] if len({one.rpartition(".")[0] for one in meant}) > 1 else ""
        return (
            f"FUNCTION {name or '(none given)'}: name one of {path} after a colon, such as "
            f"{path}:{which or meant[0].rpartition('.')[2]}; found: {found}"
        )
    deeper = [
        f"{file.removesuffix('.py').replace('/', '.')}.{function}"
        for file, content in sorted(files.items())
        if file.endswith(".py") and "/" in file
        for function in _callables(content, file)
    ]
    usual = [one for one in deeper if one.rpartition(".")[2] in USUAL]
    return (
        f"FUNCTION {name or '(none given)'}: no function of two arguments is at the top of {path}; "
        f"name it with its module, such as {path}:{[*usual, *deeper, 'app.lambda_handler'][0]}"
    )


def _file_of(module: str, files: dict[str, bytes]) -> str | None:
    """Return the file of a module whose parts are separated by dots or slashes."""
    stem = module.replace(".", "/")
    return next((one for one in (f"{stem}.py", f"{stem}/__init__.py") if one in files), None)


def _require(function: str, content: bytes, file: str) -> None:
    """Raise an error if a module does not define a name."""
    names = _names(content, file)
    if "*" not in names and function not in names:
        raise UsageError(
            f"FUNCTION {function}: {file} has no such function; functions of two arguments in it: "
            f"{', '.join(_callables(content, file)) or 'none'}"
        )


def _parsed(content: bytes, file: str) -> ast.Module:
    try:
        return ast.parse(content)
    except SyntaxError as problem:
        raise UsageError(f"FILE {file}: line {problem.lineno}: {problem.msg}") from None
    except ValueError as problem:  # a null byte
        raise UsageError(f"FILE {file}: {problem}") from None


def _names(content: bytes, file: str) -> set[str]:
    """Return names that may be functions of a module; ``*`` if it imports names with a star."""
    found: set[str] = set()
    nodes: list[ast.AST] = [_parsed(content, file)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)  # what its body binds is not the module's
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name for one in node.names}
        nodes += ast.iter_child_nodes(node)
    return found


def _callables(content: bytes, file: str) -> list[str]:
    """Return possible handlers: functions of two arguments, and bound names that are usual."""
    found = []
    for node in _parsed(content, file).body:
        if isinstance(node, ast.FunctionDef):
            least = len(node.args.args) - len(node.args.defaults)
            if (least <= 2 <= len(node.args.args)) or (node.args.vararg and least <= 2):
                found.append(node.name)
        elif isinstance(node, ast.Assign):
            names = {one.id for one in node.targets if isinstance(one, ast.Name)}
            found += sorted(names.intersection(USUAL))
        elif isinstance(node, ast.ImportFrom):
            names = {one.asname or one.name for one in node.names}
            found += sorted(names.intersection(USUAL))
    return [one for one in dict.fromkeys(found) if not one.startswith("_")]


def _installed(requirements: Path) -> dict[str, bytes]:
    """Return the files of requirements, installed for Lambda's platform."""
    if not requirements.is_file():
        raise UsageError(f"--requirements {requirements}: there is no such file")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder),
            *("--platform", f"manylinux2014_{ARCHITECTURE}", "--only-binary", ":all:"),
            *("--python-version", runtime().removeprefix("python")),
            *("--requirement", str(requirements)),
        ]
        status, said = _ran(command, f"pip to install {requirements}")
        if status:
            errors = [line for line in said.splitlines() if line.startswith(PIP_ERROR)]
            reason = errors[-1].removeprefix(PIP_ERROR) if errors else said.strip()[-500:]
            raise UsageError(f"--requirements {requirements}: pip: {reason}")
        return _of_folder(Path(folder))


def _ran(command: list[str], what: str) -> tuple[int, str]:
    """Run a command that may take long; return its exit status and what it wrote to stderr."""
    with (
        long_wait(what) as show,
        subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            while True:
                show()
                try:
                    _, said = process.communicate(timeout=LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
                return process.returncode, said
        except BaseException:  # an interruption
            process.kill()
            raise


def sizes(code: Code) -> str:
    """Return the size of a package and Lambda's limits, in words."""
    zipped = len(code.zipped()) / MB
    unzipped = sum(map(len, code.files.values())) / MB
    return (
        f"package: {zipped:.1f} MB zipped (limit {MAX_ZIPPED_MB}), {unzipped:.1f} MB unzipped "
        f"(limit {MAX_UNZIPPED_MB})"
    )
