"""The book as HTML: complete, self-contained, and usable with keyboard and screen reader."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbook import book, pages

PNG = "iVBORw0KGgo="
RUN = {
    "seconds": 12.34,
    "date": "2026-11-25",
    "system": "Linux",
    "cores": 2,
    "versions": {"Python": "3.13.1", "boto3": "1.44.5"},
}
OPENING = "# {}\n\n**What you will do**\n\nYou look at *{}*.\n\n## One\n\n### Inside\n\n## Two"
FETCHING = [
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "source",
    "input",
    "use",
]


def lesson(title: str, *cells: Any, **metadata: Any) -> NotebookNode:
    opening = new_markdown_cell(OPENING.format(title, title.lower()))
    notebook: NotebookNode = new_notebook(cells=[opening, *cells])
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["workbook"] = metadata
    return notebook


def shown(**data: Any) -> Any:
    """A cell with an output."""
    kinds = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return new_code_cell("show()", outputs=[new_output("display_data", kinds)])


def written(folder: Path, *notebooks: NotebookNode) -> dict[str, BeautifulSoup]:
    """The pages of notebooks ``01_lesson``, ``02_lesson`` …, parsed as by a browser, by name."""
    named = {folder / f"{n:02}_lesson.ipynb": notebook for n, notebook in enumerate(notebooks, 1)}
    index = pages.write(named, folder / "book")
    return {
        path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in index.parent.iterdir()
    }


def page(folder: Path, *cells: Any) -> BeautifulSoup:
    """The page of a notebook with these cells after its opening."""
    return written(folder, lesson("Lesson", *cells))["01_lesson.html"]


class Page(HTMLParser):
    """What a page loads, links to and can be linked to; a tree of it would take seconds to build.

    Args:
        text: the page as HTML.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self._style = ""
        self._is_style = False
        self.feed(text)
        self.fetched += re.findall(r"@import[^;]*|url\([^)]*\)", self._style)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.ids.add(values.get("id", ""))
        self._style += " " + values.get("style", "")
        self._is_style = tag == "style"
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in FETCHING or (tag == "link" and values.get("rel") not in ("prev", "next")):
            found = (values.get(name) for name in ("src", "srcset", "data", "href"))
            self.fetched += [address for address in found if address]

    def handle_data(self, data: str) -> None:
        if self._is_style:
            self._style += data

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False


# --- the index


def test_the_index_lists_every_notebook_with_what_it_is_about_and_its_run_time(
    tmp_path: Path,
) -> None:
    index = written(tmp_path, lesson("Streams", run=RUN), lesson("Shards"))["index.html"]
    told = [item.get_text(" ", strip=True) for item in index.select("ol li")]
    assert told == ["Streams You look at streams.", "Shards You look at shards."]
    rows = [
        [cell.get_text(strip=True) for cell in row.select("th, td")]
        for row in index.select("tbody tr")
    ]
    assert [row[:2] for row in rows] == [["1 Streams", "12.3 s"], ["2 Shards", "not measured"]]
    assert all(re.fullmatch(r"\d+ KB", row[2]) for row in rows)
    assert (
        "25 November 2026, on Linux with 2 cores, Python 3.13.1, boto3 1.44.5: notebook 1."
        in index.text
    )


def test_run_times_of_different_days_are_distinguished(tmp_path: Path) -> None:
    later = {**RUN, "date": "2026-12-01"}
    lessons = [lesson("A", run=RUN), lesson("B", run=later), lesson("C", run=RUN)]
    told = written(tmp_path, *lessons)["index.html"].text
    assert re.search(r"25 November 2026.*: notebooks 1, 3\.", told)
    assert re.search(r"1 December 2026.*: notebook 2\.", told)


def test_the_page_of_a_deleted_notebook_is_removed(tmp_path: Path) -> None:
    assert set(written(tmp_path, lesson("A"), lesson("B"))) == {
        "index.html",
        "01_lesson.html",
        "02_lesson.html",
    }
    assert set(written(tmp_path, lesson("A"))) == {"index.html", "01_lesson.html"}


# --- nothing from elsewhere


def test_pages_of_the_stored_notebooks_load_nothing_and_have_no_dead_links(
    tmp_path: Path,
) -> None:
    index = pages.write({path: book.read(path) for path in book.stored()}, tmp_path)
    written = {path.name: Page(path.read_text("utf-8")) for path in index.parent.iterdir()}
    assert set(written) == {"index.html", *(f"{path.stem}.html" for path in book.stored())}
    for name, page in written.items():
        assert [one for one in page.fetched if not one.startswith("data:")] == [], name
        assert page.links, name
        for link in page.links:
            path, _, anchor = link.partition("#")
            if ":" not in path:
                there = written[path or name]
                assert not anchor or anchor in there.ids, f"{name}: {link}"


def test_a_page_forbids_the_browser_to_load_what_an_output_requests(tmp_path: Path) -> None:
    soup = page(tmp_path, shown(text_html='<script src="https://cdn.example/x.js"></script>'))
    assert "https://cdn.example/x.js" in Page(str(soup)).fetched  # the policy stops it
    policy = soup.select_one("meta[http-equiv=Content-Security-Policy]")
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy["content"]).split(";"))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "script-src": "'unsafe-inline'",
    }


@pytest.mark.parametrize("source", ["https://example.org/a.png", "//example.org/a.png", "a.png"])
def test_a_picture_from_elsewhere_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(ValueError, match=r"01_lesson\.ipynb: the picture '.*a\.png' is not inside"):
        page(tmp_path, new_markdown_cell(f"![a picture]({source})"))


def test_a_formula_that_needs_a_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"01_lesson\.ipynb: '.*rho.*' has a formula in TeX"):
        page(tmp_path, new_markdown_cell(r"Utilisation is $\rho = \lambda / \mu$."))
    page(tmp_path, new_markdown_cell("Run `echo $A $B`:\n\n```\n$ a\n$ b\n```"))


def test_the_opening_paragraph_is_found_after_labels_and_links(tmp_path: Path) -> None:
    opening = "# A\n\n[Online](#b) · [Next](#b)\n\n**Goal**\n\nYou *count* [flights](#b)."
    notebook = new_notebook(cells=[new_markdown_cell(opening)])
    (item,) = written(tmp_path, notebook)["index.html"].select("ol li")
    assert item.get_text(" ", strip=True) == "A You count flights."


# --- links


def test_a_document_beside_the_notebooks_becomes_a_page_that_they_link_to(tmp_path: Path) -> None:
    text = new_markdown_cell("See the [words](../docs/words.md#shard).")
    index = pages.write(
        {tmp_path / "00_lesson.ipynb": lesson("A", text)},
        tmp_path / "book",
        {
            tmp_path
            / "docs"
            / "words.md": "# Words\n\nThe terms of [A](../notebooks/00_lesson.ipynb)."
        },
    )
    soups = {
        name: BeautifulSoup((index.parent / name).read_text("utf-8"), "html.parser")
        for name in ("index.html", "00_lesson.html", "words.html")
    }
    (link,) = soups["00_lesson.html"].select("main a")
    assert link["href"] == "words.html#shard"
    (back,) = soups["words.html"].select("main a")
    assert back["href"] == "00_lesson.html"
    assert [a["href"] for a in soups["index.html"].select("main > p a")] == ["words.html"]
    assert [li["value"] for li in soups["index.html"].select("ol li")][:1] == ["0"]


def test_links_between_notebooks_point_to_their_pages(tmp_path: Path) -> None:
    text = (
        "[a](02_lesson.ipynb) [b](02_lesson.ipynb#Two) [c](#Two) [d](https://example.org/x.ipynb)"
    )
    soups = written(tmp_path, lesson("A", new_markdown_cell(text)), lesson("B"))
    links = {link.text: link["href"] for link in soups["01_lesson.html"].select("main a")}
    assert links == {
        "a": "02_lesson.html",
        "b": "02_lesson.html#Two",
        "c": "#Two",
        "d": "https://example.org/x.ipynb",
    }


def test_a_link_to_a_file_that_the_book_lacks_is_text(tmp_path: Path) -> None:
    soup = page(tmp_path, new_markdown_cell("See [the *handler*](../handler.py)."))
    assert "See the handler." in soup.text
    assert soup.select("main a") == []


def test_a_link_to_a_missing_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"01_lesson\.ipynb: it links to 99_x\.ipynb"):
        page(tmp_path, new_markdown_cell("[x](99_x.ipynb)"))


def test_a_page_links_to_its_neighbours_and_to_its_own_sections(tmp_path: Path) -> None:
    soups = written(tmp_path, lesson("A"), lesson("B"), lesson("C"))
    (above, below) = soups["02_lesson.html"].select("nav.ways")
    for nav in (above, below):
        assert [link["href"] for link in nav.select("a")] == [
            "01_lesson.html",
            "index.html",
            "03_lesson.html",
        ]
    sections = [link["href"] for link in soups["02_lesson.html"].select("nav.sections a")]
    assert sections == ["#One", "#Two"]
    assert [link["href"] for link in soups["01_lesson.html"].select("header a")] == [
        "index.html",
        "02_lesson.html",
    ]


# --- required parts of a notebook


@pytest.mark.parametrize("text", ["Some text", "## A section", "Text\n\n# Title"])
def test_a_notebook_without_a_title_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"01_lesson\.ipynb: it must start with its title"):
        written(tmp_path, new_notebook(cells=[new_markdown_cell(text)]))


@pytest.mark.parametrize("cells", [[], [new_code_cell("1")]])
def test_a_notebook_without_prose_is_refused(tmp_path: Path, cells: list[Any]) -> None:
    with pytest.raises(ValueError, match="it must start with its title"):
        written(tmp_path, new_notebook(cells=cells))


def test_a_notebook_without_an_opening_paragraph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a paragraph under its title"):
        written(tmp_path, new_notebook(cells=[new_markdown_cell("# Title\n\n**What you do**")]))


# --- contents of the cells


def test_a_picture_appears_once_and_keeps_its_alt_text(tmp_path: Path) -> None:
    tag = f'<img alt="Rises &amp; falls" src="data:image/png;base64,{PNG}">'
    (picture,) = page(tmp_path, shown(text_html=tag, image_png=PNG, text_plain="x")).select("img")
    assert picture["alt"] == "Rises & falls"


def test_a_picture_without_html_has_the_alt_text_of_its_metadata(tmp_path: Path) -> None:
    cell = shown(image_png=PNG)
    cell.outputs[0].metadata["image/png"] = {"alt": 'A "line" that rises'}
    (picture,) = page(tmp_path, cell).select("img")
    assert picture["alt"] == 'A "line" that rises'


def test_what_is_folded_stays_folded(tmp_path: Path) -> None:
    text = "<details><summary>Hint</summary>\n\nLook **there**.\n\n</details>\n\nAfter it."
    (folded,) = page(tmp_path, new_markdown_cell(text)).select("details")
    assert folded.get_text(" ", strip=True) == "Hint Look there ."
    assert not folded.has_attr("open")


def test_the_header_cells_of_a_table_have_a_scope(tmp_path: Path) -> None:
    table = (
        "<div><style scoped>.dataframe {color: red}</style>"
        '<table border="1" class="dataframe"><thead><tr style="text-align: right;">'
        "<th></th><th>flights</th></tr></thead>"
        "<tbody><tr><th>EWR</th><td>3</td></tr></tbody></table></div>"
    )
    soup = page(tmp_path, shown(text_html=table), new_markdown_cell("|a|b|\n|-|-|\n|1|2|"))
    heads = {head.text: head.get("scope") for head in soup.select("th")}
    assert heads == {"flights": "col", "EWR": "row", "a": "col", "b": "col"}
    for made in soup.select("table"):
        assert made.parent is not None
        assert made.parent["class"] == ["scroll"]
        assert made.attrs == {}
    assert soup.select("style[scoped]") == []


def test_code_and_its_output_are_shown_as_text(tmp_path: Path) -> None:
    outputs = [
        new_output("stream", name="stdout", text="<b>bold</b>\n"),
        new_output("stream", name="stderr", text="warned\n"),
        new_output("execute_result", {"text/plain": "{'a': 1}"}),
        new_output("error", ename="E", evalue="x", traceback=["\x1b[31mKeyError\x1b[0m: x"]),
        new_output("display_data", {"text/markdown": "*said*", "text/plain": "said"}),
    ]
    soup = page(tmp_path, new_code_cell("a < b", outputs=outputs, execution_count=7))
    (code,), (output,) = (
        soup.select("[aria-label='Code 7']"),
        soup.select("[aria-label='Output 7']"),
    )
    assert code.text.strip() == "a < b"
    assert [pre.text.strip() for pre in output.select("pre")] == [
        "<b>bold</b>",
        "warned",
        "{'a': 1}",
        "KeyError: x",
    ]
    assert [tag.text for tag in output.select("em")] == ["said"]


def test_every_page_has_a_language_a_title_and_a_skip_link(tmp_path: Path) -> None:
    for name, soup in written(tmp_path, lesson("Streams & shards")).items():
        assert soup.html is not None
        assert soup.html["lang"] == "en"
        assert soup.title is not None
        assert pages.BOOK in soup.title.text
        assert ("Streams & shards" in soup.title.text) == (name != "index.html")
        first = soup.select("a")[0]
        assert first["href"] == "#main"
        assert len(soup.select("main#main")) == len(soup.select("h1")) == 1
