"""A function's package: from a file, a folder or a zip; and the intended function in it."""

import zipfile
from pathlib import Path

import pytest

from workbook import waiting
from workbook.code import read, sizes
from workbook.trial import UsageError

SOURCE = "def handler(event, context): return 1\ndef helper(one): return one\n"


def test_file_folder_and_zip_give_the_same_function(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(SOURCE)
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("app.py", SOURCE)
    folder = tmp_path / "folder"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "app.pyc").write_bytes(b"")
    (folder / "app.py").write_text(SOURCE)
    for place in (file, folder, tmp_path / "app.zip"):
        code = read(str(place))
        assert (code.handler, list(code.files)) == ("app.handler", ["app.py"])
        assert code.sources == [SOURCE]


@pytest.mark.parametrize(
    ("source", "name", "handler"),
    [
        (SOURCE, "", "app.handler"),
        ("def lambda_handler(event, context): pass", "", "app.lambda_handler"),
        ("def work(event, context): pass", "", "app.work"),
        (SOURCE + "def other(event, context): pass", "other", "app.other"),
        ("def handler(event, context, clock=None): pass", "app.handler", "app.handler"),
        ("def handler(*given): pass", "", "app.handler"),
        ("class App:\n    def run(self, event, context): pass\nrun = App().run", "run", "app.run"),
        ("handler = wrapped(work)", "", "app.handler"),
        ("from elsewhere import lambda_handler", "", "app.lambda_handler"),
        ("from elsewhere import *", "main", "app.main"),
        ("if True:\n    def main(event, context): pass", "main", "app.main"),
    ],
)
def test_the_intended_function_is_found(
    tmp_path: Path, source: str, name: str, handler: str
) -> None:
    path = tmp_path / "app.py"
    path.write_text(source)
    assert read(f"{path}:{name}" if name else str(path)).handler == handler


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        (
            SOURCE,
            "missing",
            "app.py has no such function; functions of two arguments in it: handler",
        ),
        (SOURCE, "app.missing", "FUNCTION missing: app.py has no such function"),
        ("import json\n" + SOURCE, "json", "FUNCTION json: app.py has no such function"),
        ("def a(one):\n    row = one", "row", "functions of two arguments in it: none"),
        ("def a(event, context): pass\ndef b(event, context): pass", "", "found: app.a, app.b"),
        ("x = 1", "", "no function of two arguments"),
        ("def handler(:", "", "line 1"),
        ("def handler(:", "handler", "FILE app.py: line 1"),
    ],
)
def test_the_error_names_a_function_that_cannot_be_found(
    tmp_path: Path, source: str, name: str, said: str
) -> None:
    path = tmp_path / "app.py"
    path.write_text(source)
    with pytest.raises(UsageError) as caught:
        read(f"{path}:{name}" if name else str(path))
    assert said in str(caught.value)


def test_the_error_names_a_function_deep_in_a_folder_with_its_module(tmp_path: Path) -> None:
    place = tmp_path / "src" / "orders"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "main.py").write_text("from .rows import handler\n")
    (place / "rows.py").write_text(SOURCE)
    assert read(f"{tmp_path}:src.orders.main.handler").handler == "src.orders.main.handler"
    assert read(f"{tmp_path}:src/orders/main.handler").handler == "src/orders/main.handler"
    with pytest.raises(
        UsageError, match=r"FUNCTION \(none given\): .*such as .*:src\.orders\.main\.handler"
    ):
        read(str(tmp_path))


def test_a_package_above_lambdas_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbook.code.MAX_UNZIPPED_MB", 1)
    (tmp_path / "app.py").write_text(SOURCE)
    (tmp_path / "model.bin").write_bytes(bytes(2_000_000))
    with pytest.raises(UsageError, match=r"1\.9 MB unzipped; Lambda takes 1"):
        read(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", b"", "FILE: must name"),
        ("notes.txt", b"no code", "FILE notes.txt: must be a Python file"),
        ("app.zip", b"PK no zip", "FILE app.zip: must be a Python file, a folder or a zip"),
        ("empty", None, "FILE empty: it has no Python files"),
    ],
)
def test_what_holds_no_code_is_named(
    name: str, content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is None:
        Path(name).mkdir()
    elif content:
        Path(name).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read(name)
    assert str(caught.value).startswith(said)


def wheel(folder: Path) -> Path:
    """A package that pip can install without a network."""
    path = folder / "orders-1.0-py3-none-any.whl"
    about = "orders-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.py", "TAX = 2\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: orders\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{about}/WHEEL", tag)
        archive.writestr(f"{about}/RECORD", "")
    return path


def test_requirements_are_installed_and_a_line_shows_the_wait(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SHOW_SECONDS", 0.0)
    app, requirements = tmp_path / "app.py", tmp_path / "needed.txt"
    app.write_text(SOURCE)
    requirements.write_text(f"{wheel(tmp_path)}\n")
    code = read(str(app), requirements)
    assert code.files["orders.py"] == b"TAX = 2\n"
    assert code.own == {"app.py"}
    assert "package: 0.0 MB zipped (limit 50)" in sizes(code)
    shown = capfd.readouterr().err
    assert f"Waiting for pip to install {requirements}: 00:00" in shown


def test_the_reason_why_pip_fails_is_told(tmp_path: Path) -> None:
    app, requirements = tmp_path / "app.py", tmp_path / "needed.txt"
    app.write_text(SOURCE)
    requirements.write_text("not a requirement\n")
    with pytest.raises(UsageError, match=r"needed\.txt: pip: Invalid requirement: 'not a"):
        read(str(app), requirements)
