"""Who may know whom: the rules that keep the parts apart. CONTRIBUTING.md tells their reasons."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCALAWS = "workbook.localaws"
PARTS = {"kinesis", "functions", "mapping"}
SHARED = {"api", "clock", "function_arn", "interfaces", "metrics", "moto"}

MOTO = f"{LOCALAWS}.moto"  # the one wing that knows moto
# What a function does takes real time, at any speed of the clock: its duration and its deadline.
KNOW_REAL_TIME = {
    "workbook.localaws.clock",
    "workbook.localaws.functions.environment",
    "workbook.localaws.functions.runtime.client",
}
# The bench's packages: whom of the others each knows, and which modules of the bench use them.
LABORATORY, LIVE = "workbook.laboratory", "workbook.live"
EXERCISES, PAGES = "workbook.exercises", "workbook.pages"
ACQUAINTED: dict[str, set[str]] = {
    LABORATORY: set(),
    LIVE: set(),
    EXERCISES: {LABORATORY},  # by whose experiments its lessons judge
    PAGES: set(),
}
USED_BY: dict[str, set[str]] = {
    LABORATORY: set(),
    LIVE: set(),
    EXERCISES: {"workbook.book"},
    PAGES: {"workbook.book"},
}
# The bench speaks boto3 to the local AWS, as to AWS. These start it, or write what it would write.
BENCH_THAT_KNOWS_LOCALAWS = {"workbook.cli", "workbook.events", "workbook.target"}


def modules() -> dict[str, ast.Module]:
    """Every module of ours that is not a test, by its dotted name."""
    paths = [ROOT / "handler.py", *(ROOT / "workbook").rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for path in paths
    }


MODULES = modules()


def imports(tree: ast.AST) -> Iterator[str]:
    """What a module imports, wherever it does so: ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a thing comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def importers(package: str) -> set[str]:
    """The modules that import something of ``package``."""
    return {
        name for name, tree in MODULES.items() if any(inside(i, package) for i in imports(tree))
    }


def test_the_local_aws_knows_nothing_of_the_bench() -> None:
    for name, tree in MODULES.items():
        if inside(name, LOCALAWS):
            ours = {i for i in imports(tree) if inside(i, "workbook")}
            assert {i for i in ours if not inside(i, LOCALAWS)} == set(), name


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_knows_what_all_share_and_no_other_part(part: str) -> None:
    allowed = {f"{LOCALAWS}.{name}" for name in {part, *SHARED}}
    for name, tree in MODULES.items():
        if inside(name, f"{LOCALAWS}.{part}"):
            ours = {i for i in imports(tree) if inside(i, "workbook")}
            assert {i for i in ours if not any(inside(i, a) for a in allowed)} == set(), name


def test_what_the_parts_share_knows_none_of_them() -> None:
    for shared in SHARED:
        for part in PARTS:
            assert f"{LOCALAWS}.{shared}" not in importers(f"{LOCALAWS}.{part}")


def test_moto_is_known_only_where_we_plug_into_it() -> None:
    outside = {name for name in importers("moto") if not inside(name, MOTO)}
    assert outside == {"workbook.localaws.metrics"}


def test_the_local_aws_asks_no_time_but_its_clocks() -> None:
    asks = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
    asking = {
        name
        for name, tree in MODULES.items()
        if inside(name, LOCALAWS)
        and any(isinstance(n, ast.Attribute) and ast.unparse(n) in asks for n in ast.walk(tree))
    }
    assert asking == KNOW_REAL_TIME


def test_the_bench_reaches_the_local_aws_through_boto3() -> None:
    bench = {name for name in importers(LOCALAWS) if not inside(name, LOCALAWS)}
    assert bench <= BENCH_THAT_KNOWS_LOCALAWS


@pytest.mark.parametrize("package", sorted(ACQUAINTED))
def test_a_package_of_the_bench_knows_only_those_it_builds_on(package: str) -> None:
    known = {
        other
        for other in ACQUAINTED.keys() - {package}
        if any(inside(name, package) for name in importers(other))
    }
    assert known == ACQUAINTED[package]


@pytest.mark.parametrize("package", sorted(USED_BY))
def test_the_rest_of_the_bench_does_without_its_packages(package: str) -> None:
    others = {
        name for name in importers(package) if not any(inside(name, other) for other in ACQUAINTED)
    }
    assert others == USED_BY[package]


def test_pages_are_made_from_notebooks_alone() -> None:
    ours = {i for name, t in MODULES.items() if inside(name, PAGES) for i in imports(t)}
    assert {name for name in ours if inside(name, "workbook")} == set()


def test_the_probe_needs_what_lambda_has_and_the_handler() -> None:
    allowed = {*sys.stdlib_module_names, "handler"}
    imported = imports(MODULES["workbook.laboratory.probe"])
    assert {name.split(".")[0] for name in imported} <= allowed


def test_the_handler_needs_what_lambda_has() -> None:
    allowed = {*sys.stdlib_module_names, "boto3", "botocore"}
    assert {name.split(".")[0] for name in imports(MODULES["handler"])} <= allowed


def test_what_runs_inside_a_function_needs_nothing_installed() -> None:
    runtime = f"{LOCALAWS}.functions.runtime"
    allowed = {*sys.stdlib_module_names, "awslambdaric"}
    for name, tree in MODULES.items():
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


def test_no_file_is_over_400_lines() -> None:
    folders = ["workbook", "tests", "browser", "clients", "benchmarks", "data"]
    paths = [ROOT / "handler.py", *(p for name in folders for p in (ROOT / name).rglob("*.py"))]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in paths}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
