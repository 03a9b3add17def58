"""Which module may import which. CONTRIBUTING.md gives the reasons."""

import ast
import json
import re
import sys
from functools import cache
from graphlib import TopologicalSorter
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCALAWS = "workbook.localaws"
# The parts of the local AWS, what they share, and the package that adapts moto to them.
PARTS = {"kinesis", "functions", "mapping", "permissions", "stacks"}
SHARED = {
    "admission",
    "api",
    "calls",
    "clock",
    "destinations",
    "function_arn",
    "interfaces",
    "metrics",
}
MOTO = f"{LOCALAWS}.moto"
JOINS = f"{LOCALAWS}.parts"  # creates and connects the parts and the moto package
DOOR = f"{LOCALAWS}.server"
# What runs a part: only the module that connects the parts may import it.
RUN = {
    "kinesis": {f"{LOCALAWS}.kinesis.service"},
    "functions": {f"{LOCALAWS}.functions.api", f"{LOCALAWS}.functions.invoker"},
    "mapping": {f"{LOCALAWS}.mapping.api", f"{LOCALAWS}.mapping.registry"},
    "permissions": {f"{LOCALAWS}.permissions.enforcement"},
    "stacks": {f"{LOCALAWS}.stacks.service"},
}
# A function's own time is real, at any speed of the clock: its duration and its deadline.
KNOW_REAL_TIME = {
    "workbook.localaws.clock",
    "workbook.localaws.functions.environment",
    "workbook.localaws.functions.process",
    "workbook.localaws.functions.runtime_api",
    "workbook.localaws.functions.runtime.client",
    "workbook.localaws.permissions.signatures",  # clients sign by real time
}
# The workbench's packages: which others each may import, and which modules use them.
LABORATORY, LIVE = "workbook.laboratory", "workbook.live"
EXERCISES, PAGES = "workbook.exercises", "workbook.pages"
TRIAL = "workbook.trial"
ACQUAINTED: dict[str, set[str]] = {
    LABORATORY: set(),
    LIVE: set(),
    EXERCISES: {LABORATORY},  # its lessons judge by the laboratory's experiments
    PAGES: set(),
    TRIAL: {LABORATORY},  # it reads the laboratory's logbook
}
USED_BY: dict[str, set[str]] = {
    LABORATORY: set(),
    LIVE: set(),
    EXERCISES: {"workbook.book"},
    PAGES: {"workbook.book"},
    TRIAL: {"workbook.cli"},
}
# The workbench uses boto3 for the local AWS, as for AWS. These modules start it, or do what it
# would do.
BENCH_THAT_KNOWS_LOCALAWS = {
    "workbook.cli",
    "workbook.events",
    "workbook.exercises.lesson_10.checks",  # filters records as the local AWS does
    "workbook.target",
    "workbook.trial.debug",  # reads a reply as the local AWS does
    "workbook.trial.template",  # reads a template as the local AWS does
}
STARTS_THE_SERVER = {"workbook.cli", f"{LOCALAWS}.__main__"}


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module that is not a test, by its dotted name."""
    paths = [ROOT / "handler.py", *(ROOT / "workbook").rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text("utf-8")
        )
        for path in paths
    }


@cache
def imports(tree: ast.AST) -> tuple[str, ...]:
    """Return what a module imports, anywhere in it: ``from a import b`` is ``a.b``."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a thing comes from"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def importers(package: str) -> set[str]:
    """Return the modules that import something of ``package``."""
    return {
        name for name, tree in modules().items() if any(inside(i, package) for i in imports(tree))
    }


def test_the_local_aws_imports_nothing_of_the_workbench() -> None:
    for name, tree in modules().items():
        if inside(name, LOCALAWS):
            ours = {i for i in imports(tree) if inside(i, "workbook")}
            assert {i for i in ours if not inside(i, LOCALAWS)} == set(), name


def known(name: str) -> set[str]:
    """Return the modules of this repository that a module imports."""
    candidates = ((imported, imported.rpartition(".")[0]) for imported in imports(modules()[name]))
    found = {next((one for one in pair if one in modules()), name) for pair in candidates}
    return found - {name}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_imports_only_what_all_parts_share(part: str) -> None:
    """It imports neither another part nor moto; ``interfaces`` defines what it needs of them."""
    allowed = {f"{LOCALAWS}.{name}" for name in {part, *SHARED}}
    for name, tree in modules().items():
        if inside(name, f"{LOCALAWS}.{part}"):
            ours = {i for i in imports(tree) if inside(i, "workbook")}
            assert {i for i in ours if not any(inside(i, a) for a in allowed)} == set(), name


def test_shared_modules_import_none_of_the_parts() -> None:
    for name, tree in modules().items():
        if any(inside(name, f"{LOCALAWS}.{shared}") for shared in SHARED):
            unknown = {f"{LOCALAWS}.{one}" for one in PARTS} | {MOTO, JOINS, DOOR}
            assert not any(inside(i, one) for i in imports(tree) for one in unknown), name


def test_only_one_folder_imports_moto() -> None:
    assert {name for name in importers("moto") if not inside(name, MOTO)} == set()
    wing = {name for name in importers(MOTO) if not inside(name, MOTO)}
    assert wing == {JOINS}


def test_the_moto_folder_imports_values_of_the_parts_not_what_runs_them() -> None:
    run = {JOINS, DOOR}.union(*RUN.values())
    for name, tree in modules().items():
        if inside(name, MOTO):
            assert not any(inside(i, one) for i in imports(tree) for one in run), name


def test_only_one_module_connects_the_parts() -> None:
    for part in PARTS:
        for module in RUN[part]:
            outside = {name for name in importers(module) if not inside(name, f"{LOCALAWS}.{part}")}
            assert outside == {JOINS}, module
    assert importers(JOINS) == {DOOR}
    assert importers(DOOR) == STARTS_THE_SERVER


def test_imports_have_no_cycles() -> None:
    """Anywhere in a module: a late import and TYPE_CHECKING hide a cycle, and do not break it."""
    sorter = TopologicalSorter({name: known(name) for name in modules()})
    sorter.prepare()  # raises CycleError, which names the cycle


def test_no_import_is_for_types_only() -> None:
    assert importers("typing.TYPE_CHECKING") == set()


def test_only_the_clock_reads_the_time() -> None:
    asks = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
    asking = {
        name
        for name, tree in modules().items()
        if inside(name, LOCALAWS)
        and any(isinstance(n, ast.Attribute) and ast.unparse(n) in asks for n in ast.walk(tree))
    }
    assert asking == KNOW_REAL_TIME


def test_the_workbench_uses_boto3_for_the_local_aws() -> None:
    bench = {name for name in importers(LOCALAWS) if not inside(name, LOCALAWS)}
    assert bench <= BENCH_THAT_KNOWS_LOCALAWS


@pytest.mark.parametrize("package", sorted(ACQUAINTED))
def test_a_package_of_the_workbench_imports_only_those_it_builds_on(package: str) -> None:
    known = {
        other
        for other in ACQUAINTED.keys() - {package}
        if any(inside(name, package) for name in importers(other))
    }
    assert known == ACQUAINTED[package]


@pytest.mark.parametrize("package", sorted(USED_BY))
def test_the_rest_of_the_workbench_does_not_import_its_packages(package: str) -> None:
    others = {
        name for name in importers(package) if not any(inside(name, other) for other in ACQUAINTED)
    }
    assert others == USED_BY[package]


def test_pages_import_nothing_else_of_the_workbook() -> None:
    ours = {i for name, t in modules().items() if inside(name, PAGES) for i in imports(t)}
    assert {name for name in ours if inside(name, "workbook")} == set()


def test_the_probe_imports_only_what_lambda_has_and_the_handler() -> None:
    allowed = {*sys.stdlib_module_names, "boto3", "handler"}
    imported = imports(modules()["workbook.laboratory.lab_probe"])
    assert {name.split(".")[0] for name in imported} <= allowed


def test_the_handler_imports_only_what_lambda_has() -> None:
    allowed = {*sys.stdlib_module_names, "boto3", "botocore"}
    assert {name.split(".")[0] for name in imports(modules()["handler"])} <= allowed


def test_code_in_a_functions_process_imports_only_the_standard_library() -> None:
    runtime = f"{LOCALAWS}.functions.runtime"
    beside = {name.rpartition(".")[2] for name in modules() if inside(name, runtime)}
    allowed = {*sys.stdlib_module_names, "awslambdaric", *beside}
    for name, tree in modules().items():
        if inside(name, runtime):
            others = {i for i in imports(tree) if i.split(".")[0] not in allowed}
            assert others == set(), name


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_imports_nothing_of_the_local_aws(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = [line for line in "\n".join(code).splitlines() if not line.lstrip().startswith("%")]
    imported = imports(ast.parse("\n".join(lines)))
    assert [name for name in imported if inside(name, LOCALAWS)] == []


# --- the tables in CONTRIBUTING.md


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading of CONTRIBUTING.md, cell by cell."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    lines = text.partition(f"\n{heading}\n")[2].splitlines()
    table = takewhile(
        lambda line: line.startswith("|"), dropwhile(lambda line: not line.startswith("|"), lines)
    )
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table][2:]


def reachable(name: str) -> set[str]:
    """Return the modules that a module imports, directly or through others."""
    found: set[str] = set()
    ahead = {name}
    while ahead:
        ahead = {one for module in ahead for one in known(module)} - found
        found |= ahead
    return found


JOURNEY = rows("## How a record travels")


@pytest.mark.parametrize("step", range(len(JOURNEY) - 1), ids=lambda step: JOURNEY[step][0])
def test_a_record_travels_as_in_the_table(step: int) -> None:
    here, after = (
        row[0].strip("`").removesuffix(".py").replace("/", ".") for row in JOURNEY[step : step + 2]
    )
    assert {here, after} <= modules().keys()
    way = JOURNEY[step][2].strip("`")
    if way == "call":
        assert after in reachable(here)
        return
    if way == "called by":
        assert here in reachable(after)
        return
    assert after not in reachable(here)
    assert here not in reachable(after)
    if way.startswith("interfaces."):
        interfaces = modules()[f"{LOCALAWS}.interfaces"].body
        assert way.removeprefix("interfaces.") in {
            node.name for node in interfaces if isinstance(node, ast.ClassDef)
        }
        for side in (here, after):
            part = ".".join(side.split(".")[:3])
            assert any(inside(name, part) for name in importers(f"{LOCALAWS}.interfaces"))
    else:
        assert way in ("boto3", "Runtime API", "imported by name")


def unit(name: str) -> str:
    """Return the local AWS's module or folder that contains a module; empty for itself."""
    return name.removeprefix(LOCALAWS).lstrip(".").split(".")[0]


def test_dependencies_are_as_in_the_table() -> None:
    found: dict[str, set[str]] = {}
    for name in modules():
        if inside(name, LOCALAWS) and unit(name):
            others = {unit(other) for other in known(name) if inside(other, LOCALAWS)}
            found.setdefault(unit(name), set()).update(others - {"", unit(name)})
    told = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2]))
        for row in rows("### Dependencies within the local AWS")
    }
    assert told == found


def test_every_folder_and_module_of_the_workbench_is_in_the_tree() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tree = text.partition("```\nhandler.py")[2].partition("```")[0]
    lines = re.findall(r"^  (\w[\w, ]*?)/?  ", tree, re.MULTILINE)
    named = {name.strip() for line in lines for name in line.split(",")}
    there = {path.stem for path in (ROOT / "workbook").iterdir() if path.suffix == ".py"}
    there |= {path.parent.name for path in (ROOT / "workbook").glob("*/__init__.py")}
    assert named == there - {"__init__", "__main__"}
