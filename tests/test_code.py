"""A function's package: from a file, a folder or a zip; and the intended function in it."""

import zipfile
from pathlib import Path

import pytest

from workbook.code import read
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
        (SOURCE, "missing", "FUNCTION missing: app.py does not define it; it defines: handler"),
        (SOURCE, "app.missing", "FUNCTION missing: app.py does not define it"),
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
