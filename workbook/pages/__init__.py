"""The book as static HTML: a page for each notebook, and an index with run times.

Each page is one file that needs no other. Pictures and style are inside, and a policy in its head
forbids the browser to load anything else, whatever an output contains. Everything can be reached
with the keyboard and read by a screen reader.
"""

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

BOOK = "Streaming on AWS Lambda and Kinesis, in Python"
TEMPLATES = Path(__file__).parent
FORMULA = re.compile(r"\$[^$\n]+\$")  # in TeX


class Chapter(NamedTuple):
    """The parts of a notebook, for its page and for the index.

    ``run`` has the run time and its conditions, as stored by ``book``, or is None; ``size`` is that
    of the body in bytes.
    """

    number: str
    title: str
    purpose: str
    file: str
    sections: list[tuple[str, str]]
    body: str
    size: int
    run: Mapping[str, Any] | None


def write(
    notebooks: Mapping[Path, NotebookNode],
    folder: Path,
    documents: Mapping[Path, str] | None = None,
) -> Path:
    """Write the pages, and return the path of the index.

    Args:
        notebooks: the executed notebooks by path, in order.
        folder: where to write; it is created if necessary. Pages of deleted notebooks are removed.
        documents: other pages that notebooks link to, such as a glossary: Markdown by path.

    Raises:
        ValueError: a notebook has no title or no opening paragraph, links to a notebook that does
            not exist, shows a picture that it does not contain, or has a formula in TeX.
    """
    documents = documents or {}
    pages_of = {path.name: f"{path.stem}.html" for path in (*notebooks, *documents)}
    exporter = HTMLExporter(
        template_name="basic",
        template_file="cells.html.j2",
        extra_template_paths=[str(TEMPLATES)],
    )
    chapters = [_chapter(path, nb, pages_of, exporter) for path, nb in notebooks.items()]
    others = [
        _chapter(path, new_notebook(cells=[new_markdown_cell(text)]), pages_of, exporter)
        for path, text in documents.items()
    ]
    loader = jinja2.FileSystemLoader(TEMPLATES)
    templates = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    pages = {"index.html": _index(templates, chapters, others)}
    for before, chapter, after in [
        *zip([None, *chapters], chapters, [*chapters[1:], None], strict=False),
        *((None, other, None) for other in others),
    ]:
        pages[chapter.file] = templates.get_template("notebook.html.j2").render(
            book=BOOK, chapter=chapter, before=before, after=after
        )
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return folder / "index.html"


def _index(templates: jinja2.Environment, chapters: list[Chapter], others: list[Chapter]) -> str:
    conditions: dict[str, list[str]] = {}
    for chapter in chapters:
        if chapter.run:
            conditions.setdefault(_conditions(chapter.run), []).append(chapter.number)
    return templates.get_template("index.html.j2").render(
        book=BOOK, chapters=chapters, others=others, conditions=conditions
    )


def _conditions(run: Mapping[str, Any]) -> str:
    """Return when and on what a run time was measured, in words."""
    date = datetime.date.fromisoformat(run["date"])
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return f"{date.day} {date:%B %Y}, on {run['system']} with {run['cores']} cores, {versions}"


def _chapter(
    path: Path, notebook: NotebookNode, pages_of: Mapping[str, str], exporter: HTMLExporter
) -> Chapter:
    cells, _ = exporter.from_notebook_node(notebook)
    body = BeautifulSoup(cells, "html.parser")
    for mark in body.select("a.anchor-link"):  # the list of sections already links to headings
        mark.decompose()
    for table in body.select("table"):
        _make_readable(table, body)
    try:
        title, purpose = _opening(body)
        for link in body.select("a[href]"):
            _lead_to_page(link, pages_of)
        for picture in body.select("img"):
            _check_inside(picture)
        for formula in body.find_all(string=FORMULA):
            _check_readable(formula)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    text = str(body)
    number, _, _ = path.stem.partition("_")
    return Chapter(
        number=number.lstrip("0") or "0",
        title=title,
        purpose=purpose,
        file=f"{path.stem}.html",
        sections=[(str(head["id"]), head.get_text()) for head in body.select("h2[id]")],
        body=text,
        size=len(text.encode()),
        run=notebook.metadata.get("workbook", {}).get("run"),
    )


def _opening(body: BeautifulSoup) -> tuple[str, str]:
    """Return the title, and the first paragraph below it that is more than a label or links."""
    first = body.find()
    if first is None or first.name != "h1":
        raise ValueError("it must start with its title, a line '# Title'")
    for paragraph in first.find_next_siblings("p"):
        text = "".join(
            part.get_text()
            for part in paragraph.contents
            if not isinstance(part, Tag) or part.name not in ("strong", "a")
        )
        if re.search(r"\w", text):
            return first.get_text(), paragraph.get_text()
    raise ValueError("a paragraph under its title must say what the reader will do")


def _make_readable(table: Tag, body: BeautifulSoup) -> None:
    """Mark the header cells of a table and their scope, and let a wide table scroll.

    The borders, alignment and empty header cells of pandas are removed.
    """
    for style in table.find_previous_siblings("style", attrs={"scoped": True}):
        style.decompose()
    for name in ("border", "class"):
        del table[name]
    for row in table.select("tr"):
        del row["style"]
    for head in table.select("th"):
        if head.get_text(strip=True):
            head["scope"] = "col" if head.find_parent("thead") else "row"
        else:
            head.name = "td"
            del head["scope"]
    table.wrap(body.new_tag("div", attrs={"class": "scroll"}))


def _lead_to_page(link: Tag, pages_of: Mapping[str, str]) -> None:
    """Point a link to its target's page; replace a link to a file without a page by its text."""
    path, hash_mark, anchor = str(link["href"]).partition("#")
    if not path or ":" in path:
        return
    _, _, name = path.rpartition("/")
    if name in pages_of:
        link["href"] = pages_of[name] + hash_mark + anchor
    elif name.endswith(".ipynb"):
        raise ValueError(f"it links to {path}, which does not exist")
    else:
        link.unwrap()


def _check_inside(picture: Tag) -> None:
    source = str(picture.get("src", ""))
    if not source.startswith("data:"):
        raise ValueError(
            f"the picture {source!r} is not inside it: attach it to its cell, or let code draw it"
        )


def _check_readable(formula: NavigableString) -> None:
    if not formula.find_parent(["code", "pre"]) and not formula.find_parent(class_="output"):
        raise ValueError(
            f"{str(formula)!r} has a formula in TeX, which takes a script to show: write it "
            "in Unicode, such as λ = 1/μ"
        )
