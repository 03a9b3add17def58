"""The set-up of the workbook: pyproject.toml, and the files that must agree with it."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from workbook import bootstrap

ROOT = Path(__file__).parent.parent
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
needs_git = pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="no git checkout"
)


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(text("pyproject.toml"))["project"]
    return found


def direct() -> dict[str, Requirement]:
    """Return the requirements of pyproject.toml by name, with every extra."""
    extras = project()["optional-dependencies"].values()
    lines = [*project()["dependencies"], *(line for extra in extras for line in extra)]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def locked() -> dict[str, str]:
    """Return the lock's entries: the first line of each, such as ``tqdm==4.67.1``, and the rest."""
    parts = re.split(r"^(?=\S)(?!#)", text("requirements.lock"), flags=re.MULTILINE)[1:]
    return {head.rstrip(" \\"): rest for head, _, rest in (part.partition("\n") for part in parts)}


def environment() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("environment.yml"))
    return found


def conda_requirement(name: str) -> Requirement:
    lines = [line for line in environment()["dependencies"] if isinstance(line, str)]
    return next(Requirement(line) for line in lines if line.split()[0] == name)


# --- the lock


@pytest.mark.parametrize("name", sorted(direct()))
def test_each_dependency_is_locked_at_a_version_that_pyproject_allows(name: str) -> None:
    entries = [Requirement(line) for line in locked()]
    versions = [str(e.specifier)[2:] for e in entries if canonicalize_name(e.name) == name]
    assert versions
    assert all(direct()[name].specifier.contains(version) for version in versions)


def test_the_lock_was_made_from_the_present_dependencies() -> None:
    ours = {
        canonicalize_name(Requirement(line).name)
        for line, rest in locked().items()
        if "workbook (pyproject.toml)" in rest
    }
    assert ours == set(direct())


def test_every_locked_package_has_one_version_and_its_hashes() -> None:
    for line, rest in locked().items():
        requirement = Requirement(line)
        assert re.fullmatch(r"==[^,]+", str(requirement.specifier)), line
        assert requirement.url is None
        assert "--hash=sha256:" in rest, line


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_lock_has_exactly_one_version_for_each_system_and_python(
    python: str, system: str
) -> None:
    where = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": "x86_64",
    }
    entries = [Requirement(line) for line in locked()]
    names = [e.name for e in entries if e.marker is None or e.marker.evaluate(where)]
    assert len(names) == len(set(names))
    wanted = [r for r in direct().values() if r.marker is None or r.marker.evaluate(where)]
    assert {canonicalize_name(r.name) for r in wanted} <= set(names)


def test_every_dependency_has_a_reason_in_one_line() -> None:
    lines = re.findall(r'^  "[^"]+",(.*)$', text("pyproject.toml"), flags=re.MULTILINE)
    assert len(lines) == len(direct())
    assert all(re.fullmatch(r" +# \w.+", line) for line in lines)


# --- imports

# Each folder of Python or notebooks, and where its imports are declared: "main" and the extras are
# pyproject.toml's. Browser tests run in a separate environment.
NAMED_IN = {
    "workbook": ["main"],
    "handler.py": ["main"],
    "notebooks": ["main", "athena"],
    "data": ["main"],
    "tests": ["main", "dev"],
    "clients": ["main", "dev", "clients/requirements.txt", "clients/chalice.txt"],
    "browser": ["browser/requirements.txt"],
    "benchmarks": ["main", "dev", "browser/requirements.txt", "benchmarks/requirements.txt"],
}
# Distributions that are not installed here, and whose modules have other names.
NOT_HERE = {"kinesis": ["async-kinesis"]}


@cache
def distributions() -> dict[str, list[str]]:
    """Return the distributions that may provide a module, by its name."""
    return NOT_HERE | dict(packages_distributions())


def named_in(place: str) -> set[str]:
    """Return the distributions declared there."""
    if place == "main":
        lines = project()["dependencies"]
    elif place in project()["optional-dependencies"]:
        lines = project()["optional-dependencies"][place]
    else:
        lines = [line for line in text(place).splitlines() if not line.startswith("#")]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def sources(place: str) -> Iterator[tuple[Path, str]]:
    """Yield the Python code of a folder, of a file, or of a folder's notebooks."""
    path = ROOT / place
    for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
        yield file, file.read_text("utf-8")
    for file in sorted(path.glob("*.ipynb")):
        cells = json.loads(file.read_text("utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        lines = "\n".join(code).splitlines()
        yield file, "\n".join(line for line in lines if not line.lstrip().startswith("%"))


def imported(code: str) -> set[str]:
    """Return the top-level modules imported anywhere in the code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("place", sorted(NAMED_IN))
def test_every_imported_package_is_declared(place: str) -> None:
    """A package that another one happens to require may be gone with its next version."""
    known = set[str]().union(*(named_in(each) for each in NAMED_IN[place]))
    ours = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    unnamed = set()
    for file, code in sources(place):
        # Both run with their own folder on the import path.
        finds_beside = place == "tests" or file.parent.name == "runtime"
        beside = {path.stem for path in file.parent.iterdir()} if finds_beside else set()
        for module in imported(code) - ours - beside:
            names = distributions().get(module, [module])
            if not known & {canonicalize_name(name) for name in names}:
                unnamed.add(f"{file.relative_to(ROOT)} imports {module}")
    assert unnamed == set()


@needs_git
def test_every_folder_with_code_is_searched() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.ipynb"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert {name.split("/")[0] for name in listed.stdout.split()} == set(NAMED_IN)


# --- the ways to set up


def test_environment_yml_takes_python_and_pip_from_conda_forge_and_the_rest_from_the_lock() -> None:
    assert environment()["name"] == project()["name"]
    assert environment()["channels"] == ["conda-forge", "nodefaults"]
    *conda, pip = environment()["dependencies"]
    assert [line.split()[0] for line in conda] == ["python", "pip"]
    assert pip == {"pip": ["-r requirements.lock"]}
    assert "--no-deps --no-build-isolation --editable ." in text("postBuild")


def test_all_files_name_the_same_pythons() -> None:
    conda = conda_requirement("python").specifier
    assert [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in conda] == PYTHONS
    assert project()["requires-python"] == f">={PYTHONS[0]}"
    assert workflow_job()["strategy"]["matrix"]["python"] == PYTHONS
    assert ".".join(map(str, bootstrap.OLDEST)) == PYTHONS[0]
    assert f"--python-version {PYTHONS[0]}" in text("Makefile")
    ruff = tomllib.loads(text("pyproject.toml"))["tool"]["ruff"]
    assert ruff["target-version"] == "py" + PYTHONS[0].replace(".", "")


def test_conda_and_the_lock_agree_on_pip() -> None:
    assert conda_requirement("pip").specifier == SpecifierSet(str(direct()["pip"].specifier))


# --- the same commands everywhere


def workflow_job() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["workbook"]
    return found


def makes(script: str) -> list[str]:
    """The make commands in a script."""
    return re.findall(r"\bmake [a-z]+(?: ARGS=\S+)?", script)


def test_the_workflow_runs_what_ci_run_runs_on_three_systems() -> None:
    steps = [step["run"] for step in workflow_job()["steps"] if "run" in step]
    stages = re.findall(r"^\s*stage (.*)$", text(".ci/run"), flags=re.MULTILINE)
    assert makes("\n".join(steps)) == makes("\n".join(stages)) == stages
    assert workflow_job()["strategy"]["matrix"]["system"] == ["ubuntu", "macos", "windows"]


def test_pre_commit_and_the_container_use_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE))
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    hooks = [hook["entry"] for hook in repository["hooks"]]
    assert hooks == ["make lint", "make types"]
    used = [*hooks, *makes(text(".ci/run")), *makes(text(".devcontainer/devcontainer.json"))]
    assert {command.split()[1] for command in used} <= targets


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_page_names_only_what_exists(page: str) -> None:
    targets = re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE)
    assert set(re.findall(r"(?:^|[`$] ?)make ([a-z]+)", text(page), re.MULTILINE)) <= set(targets)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text(page))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_says_what_it_does() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", text("Makefile"), flags=re.MULTILINE)
    assert phony is not None
    assert phony[1].split() == re.findall(r"^([a-z]+):.* ## \w", text("Makefile"), re.MULTILINE)


# --- what no tracked file may contain


@needs_git
@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        (
            "a package registry's host",
            rb"(pypi|pythonhosted|npmjs|anaconda)[.]org",
        ),
        ("a path of somebody's machine", rb"(?<![\w.~])/(home|root|work|Users)/[A-Za-z._]"),
        ("a drive of somebody's machine", rb"[A-Z]:\\+Users\\+\w"),
        ("a merge that was not finished", rb"^(<{7}|>{7}) "),
    ],
)
def test_no_tracked_file_holds(what: str, pattern: bytes) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    paths = [ROOT / name for name in names if name and not name.endswith(".parquet")]
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in paths
        if path.exists() and (match := re.search(pattern, path.read_bytes(), re.MULTILINE))
    }
    assert found == {}, what


def test_the_wheel_has_every_file_of_the_package() -> None:
    packed = {file.relative_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    files = (path for path in (ROOT / "workbook").rglob("*") if path.is_file())
    ours = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert str(Path("workbook", "exercises", "lesson_01", "1_eight_shards.md")) in ours
    assert ours <= packed
