"""The stored notebooks, and the code that runs and stores them."""

import re
import statistics
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbook import book
from workbook.exercises.cells import INTRODUCTION


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with code and no notebooks."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "workbook" / "localaws").mkdir(parents=True)
    (tmp_path / "workbook" / "localaws" / "clock.py").write_text("before\n")
    (tmp_path / "workbook" / "exercises").mkdir()
    (tmp_path / "workbook" / "exercises" / "1_task.md").write_text("before\n")
    (tmp_path / "handler.py").write_text("before\n")
    return tmp_path


def save(root: Path, name: str, *cells: Any) -> Path:
    """Save a notebook whose stamp says that its outputs are current."""
    opening = new_markdown_cell("# Title\n\nWhat the reader will do.")
    notebook = new_notebook(cells=[opening, *cells])
    notebook.metadata["workbook"] = {"digest": book.digest(notebook, root)}
    path = root / "notebooks" / name
    nbformat.write(notebook, path)
    return path


def picture(**metadata: Any) -> Any:
    return new_output("display_data", {"image/png": "iVBORw0KGgo="}, metadata=metadata)


# --- stored notebooks


@pytest.mark.parametrize("path", book.stored(), ids=lambda path: path.stem)
def test_a_stored_notebook_keeps_the_rules_of_the_book(path: Path) -> None:
    assert book.problems(path) == []


@pytest.mark.parametrize("path", book.stored(), ids=lambda path: path.stem)
def test_a_stored_notebook_was_run_once_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in book.code_cells(book.read(path))]
    assert counts == list(range(1, len(counts) + 1))


# --- how a notebook is written: docs/style.md

MOST_WORDS = 3_000
MEDIAN_LINES = 5
EXERCISES = "exercise-"  # ids of cells whose text is in workbook/exercises


def prose(path: Path) -> str:
    """Return the prose of a notebook: Markdown without code, addresses and HTML tags."""
    cells = [cell for cell in book.read(path).cells if cell.cell_type == "markdown"]
    text = "\n".join(cell.source for cell in cells if not cell.id.startswith(EXERCISES))
    text = re.sub(r"```.*?```|`[^`\n]*`", " ", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)|<[^>]*>", " ", text)


def headings(path: Path) -> list[str]:
    cells = [cell for cell in book.read(path).cells if cell.cell_type == "markdown"]
    return re.findall(r"^## (.+)$", "\n".join(cell.source for cell in cells), flags=re.MULTILINE)


def words_not_used() -> list[str]:
    """Return the first column of the table in docs/style.md, one word or phrase each."""
    style = (book.ROOT / "docs" / "style.md").read_text("utf-8")
    table = style.partition("## Words we do not use")[2].partition("##")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, flags=re.MULTILINE)[1:]  # without the header
    return [turn for row in rows if "---" not in row for turn in row.split(", ")]


every = pytest.mark.parametrize("path", book.stored(), ids=lambda path: path.stem)


@every
def test_a_notebook_is_short(path: Path) -> None:
    words = re.findall(r"\w[\w'.,-]*", prose(path))
    assert len(words) <= MOST_WORDS
    lines = [len(cell.source.splitlines()) for cell in book.code_cells(book.read(path))]
    assert statistics.median(lines) <= MEDIAN_LINES


@every
def test_a_notebook_has_its_sections_in_order(path: Path) -> None:
    own = headings(path)
    assert own[0] == "What it costs"
    assert own[-1] == "Further reading"
    last = ["Summary", "In practice", "Exercises", "Clean up", "Further reading"]
    if path.name.startswith("00"):
        last = ["Summary", "Clean up", "Where to go next", "Further reading"]
    assert own[-len(last) :] == last


@every
def test_a_notebooks_exercises_have_the_same_introduction(path: Path) -> None:
    if not path.name.startswith("00"):
        assert INTRODUCTION in [cell.source for cell in book.read(path).cells]


@every
def test_a_notebook_computes_its_costs_before_anything_is_created(path: Path) -> None:
    costs, *_ = book.code_cells(book.read(path))
    assert "prices.bill(" in costs.source
    assert "prices.CHECKED" in costs.source


@every
def test_a_notebook_can_be_opened_online_and_links_to_the_glossary(path: Path) -> None:
    title = book.read(path).cells[0].source
    assert "(../docs/run_online.md)" in title
    assert "(../docs/glossary.md)" in title


@every
def test_a_notebook_links_to_awss_pages(path: Path) -> None:
    sources = [cell.source for cell in book.read(path).cells if cell.cell_type == "markdown"]
    (reading,) = [text for text in sources if text.startswith("## Further reading")]
    assert reading.count("](https://") >= 3
    assert "\n".join(sources).count("](https://docs.aws.amazon.com/") >= 3


@every
def test_a_notebook_uses_none_of_the_words_to_avoid(path: Path) -> None:
    text = prose(path)
    found = [
        text[max(0, match.start() - 30) : match.end() + 30]
        for turn in words_not_used()
        for match in re.finditer(rf"\b{re.escape(turn)}\b", text, flags=re.IGNORECASE)
    ]
    assert found == []


def test_the_words_to_avoid_are_read_from_the_style_guide() -> None:
    assert {"for ever", "mend", "dear", "whoever"} <= set(words_not_used())


def test_each_term_of_the_glossary_is_in_the_notebook_that_it_names() -> None:
    glossary = (book.ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| \[\d+\]\(\.\./notebooks/([^)]+)\) \|$",
        glossary,
        flags=re.MULTILINE,
    )
    assert len(rows) == glossary.count("\n| ") - 1  # all rows except the header
    terms = [term for term, _ in rows]
    assert terms == sorted(terms, key=str.lower)
    for term, name in rows:
        text = prose(book.ROOT / "notebooks" / name).replace("*", "").lower()
        for one in term.split(", "):
            assert one.lower() in text, f"{one} is not in {name}"


# --- each rule, violated


def test_a_good_notebook_has_no_problems(root: Path) -> None:
    good = picture(**{"image/png": {"alt": "A line that rises"}})
    failing = new_output("error", ename="KeyError", evalue="'x'", traceback=[])
    path = save(
        root,
        "good.ipynb",
        new_markdown_cell("![a diagram](x.png)"),
        new_code_cell("\n".join("x" * 15), outputs=[good]),
        new_code_cell("{}['x']", outputs=[failing], metadata={"tags": ["raises-exception"]}),
    )
    assert book.problems(path, root) == []


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (new_code_cell("\n".join("x" * 16)), "16 lines are more than 15"),
        (new_code_cell("x", outputs=[picture()]), "a picture without alt text"),
        (
            new_code_cell("x", outputs=[picture(**{"image/png": {"alt": ""}})]),
            "a picture without alt text",
        ),
        (
            new_code_cell("x", outputs=[new_output("display_data", {"text/html": "<img src=x>"})]),
            "a picture without alt text",
        ),
        (new_markdown_cell("![](x.png)"), "a picture without alt text"),
        (new_markdown_cell('<img src="x.png" alt="">'), "a picture without alt text"),
        (
            new_code_cell("x", outputs=[new_output("error", ename="KeyError", evalue="x")]),
            "a stored KeyError that is not tagged raises-exception",
        ),
        (
            new_code_cell("x", outputs=[new_output("stream", text="<Foo at 0x7f11aa22bb>")]),
            "an object's address, which differs in each run",
        ),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named(root: Path, cell: Any, problem: str) -> None:
    path = save(root, "bad.ipynb", cell)
    assert book.problems(path, root) == [f"cell {cell.id}: {problem}"]


def test_a_notebook_that_is_too_large_is_named(root: Path) -> None:
    output = new_output("stream", text="x" * 300_000)
    path = save(root, "large.ipynb", new_code_cell("x", outputs=[output]))
    (problem,) = book.problems(path, root)
    assert problem.endswith("bytes are more than 300,000")


def test_outputs_of_other_code_are_reported(root: Path) -> None:
    path = save(root, "stale.ipynb", new_code_cell("1 + 1"))
    path.write_text(path.read_text("utf-8").replace("1 + 1", "1 + 2"), "utf-8")
    assert book.problems(path, root) == ["its outputs were not made by the present code: make book"]


# --- what outputs depend on


def test_the_digest_depends_on_the_code_and_not_on_the_prose(root: Path) -> None:
    package = root / "workbook"
    sources = [root / "handler.py", package / "localaws" / "clock.py"]
    sources.append(package / "exercises" / "1_task.md")

    def digest(code: str = "x = 1", prose: str = "# Title") -> str:
        cells = [new_markdown_cell(prose), new_code_cell(code)]
        return book.digest(new_notebook(cells=cells), root)

    first = digest()
    assert digest(prose="# Another title") == first
    assert digest(code="x = 2") != first
    for source in sources:
        source.write_text("after\n")
        assert digest() != first
        source.write_bytes(b"before\r\n")  # as a checkout on Windows may have it
        assert digest() == first


# --- running and storing


def test_notebooks_run_alone_and_their_outputs_are_stored_in_a_stable_form(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(
        root,
        "01_first.ipynb",
        new_markdown_cell("# One"),
        new_code_cell("import os\nos.environ['WORKBOOK_AWS']", metadata={"scrolled": True}),
        new_code_cell("from tqdm.auto import tqdm\nfor _ in tqdm([1, 2], 'sending'): pass"),
        new_code_cell("for _ in tqdm([1, 2], leave=False): pass"),
        new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
    )
    other = save(root, "02_second.ipynb", new_code_cell("'os' in globals()"))
    before = other.read_bytes()

    assert book.make(["01"], root=root) == 0
    told = capsys.readouterr().out
    assert "1 of 2 notebooks" in told
    assert "01_first" in told
    assert other.read_bytes() == before

    notebook = book.read(path)
    assert book.is_current(notebook, root)
    assert sorted(notebook.metadata) == ["kernelspec", "language_info", "workbook"]
    run = notebook.metadata["workbook"]["run"]
    assert run["seconds"] > 0
    assert set(run["versions"]) == {"Python", "boto3", "pandas", "moto"}
    assert f"{run['seconds']} s" in (root / "build" / "book" / "index.html").read_text("utf-8")
    place, bar, closed_bar, failing = book.code_cells(notebook)
    assert [cell.execution_count for cell in book.code_cells(notebook)] == [1, 2, 3, 4]
    assert place.metadata == {}
    assert place.outputs[0].data == {"text/plain": "'local'"}
    assert list(bar.outputs[0].data) == ["text/plain"]
    assert bar.outputs[0].data["text/plain"].startswith("sending: 100% 2/2 [")
    assert closed_bar.outputs == []
    assert failing.outputs[0].ename == "ZeroDivisionError"


def test_only_notebooks_with_outdated_outputs_run(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(root, "01_current.ipynb", new_code_cell("1 / 0"))
    assert book.make(root=root) == 0
    assert "0 of 1 notebooks to run" in capsys.readouterr().out


def test_a_notebook_that_fails_is_reported_and_not_stored(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(root, "01_good.ipynb", new_code_cell("x = 1"))
    save(root, "02_alone.ipynb", new_code_cell("print(x)"))
    save(root, "03_dies.ipynb", new_code_cell("import os; os._exit(3)"))
    before = {path: path.read_bytes() for path in (root / "notebooks").iterdir()}
    assert book.make(check=True, root=root) == 1
    told = capsys.readouterr().out
    assert "name 'x' is not defined" in told
    assert "Kernel died" in told
    assert {path: path.read_bytes() for path in (root / "notebooks").iterdir()} == before


def test_check_also_runs_current_notebooks_and_stores_nothing(root: Path) -> None:
    path = save(root, "01_good.ipynb", new_code_cell("1"))
    before = path.read_bytes()
    assert book.make(check=True, root=root) == 0
    assert path.read_bytes() == before
    index = (root / "build" / "book" / "index.html").read_text("utf-8")
    assert "not measured" not in index  # run times that were not stored are shown


def test_an_unknown_name_of_a_notebook_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="starts with '99'"):
        book.make(["99"], root=root)


@pytest.mark.parametrize(
    ("value", "kept"), [("", "what it came with"), ("<b>half</b> done", "half done")]
)
def test_a_widget_is_stored_as_its_text_or_its_other_output(value: str, kept: str) -> None:
    shown = {book.WIDGET: {"model_id": "bar"}, "text/plain": "what it came with"}
    cell = new_code_cell("bar", outputs=[new_output("display_data", data=shown)])
    book.tidy(new_notebook(cells=[cell]), {"bar": {"value": value}})
    (output,) = cell.outputs
    assert output.data == {"text/plain": kept}
