"""The links of notebooks and documents have targets."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from workbook import links
from workbook.links import Link

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a notebook and a document that have headings."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "docs").mkdir()
    cells = [new_markdown_cell("# A\n\n## Clean up"), new_code_cell("'[not](a-link)'")]
    (tmp_path / "notebooks" / "01_a.ipynb").write_text(writes(new_notebook(cells=cells)))
    (tmp_path / "docs" / "words.md").write_text("# Words\n\n## What we don't say\n")
    return tmp_path


def test_no_link_is_malformed_or_dead() -> None:
    found = links.links(ROOT)
    assert len(found) > 100
    assert links.problems(found, ROOT) == []


def test_links_are_found_in_prose_and_not_in_code(project: Path) -> None:
    text = "[a](https://aws.amazon.com) <https://github.com> ![b](b.png) `[c](d)`\n```\n[e](f)\n```"
    (project / "README.md").write_text(text)
    assert links.links(project) == [
        Link("README.md", "https://aws.amazon.com"),
        Link("README.md", "https://github.com"),
        Link("README.md", "b.png"),
    ]


@pytest.mark.parametrize(
    "link",
    [
        Link("notebooks/01_a.ipynb", "#Clean-up"),
        Link("docs/words.md", "../notebooks/01_a.ipynb#Clean-up"),
        Link("notebooks/01_a.ipynb", "../docs/words.md#what-we-dont-say"),
        Link("docs/words.md", "https://docs.aws.amazon.com/streams/latest/dev/introduction.html"),
    ],
)
def test_a_link_to_an_existing_target_is_accepted(project: Path, link: Link) -> None:
    assert links.problems([link], project) == []


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("http://aws.amazon.com", "is not https"),
        ("https://aws.amazon.co", "leads to a host"),
        ("02_b.ipynb", "leads to a file"),
        ("#Clean-Up", "leads to a heading"),
        ("../docs/words.md#what-we-say", "leads to a heading"),
    ],
)
def test_a_bad_link_is_named(project: Path, target: str, problem: str) -> None:
    (told,) = links.problems([Link("notebooks/01_a.ipynb", target)], project)
    assert told.startswith(f"notebooks/01_a.ipynb: {target} {problem}")


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Do not log requests."""


@pytest.fixture
def site() -> Iterator[str]:
    """A web server that responds to ``/404`` with 404, and so on."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("status", "fault"), [(200, ""), (403, ""), (404, "HTTP 404")])
def test_an_address_is_requested(site: str, status: int, fault: str) -> None:
    assert links._fault(f"http://{site}/{status}") == fault


def test_an_address_that_does_not_respond_is_named_with_a_file_that_links_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def fault(address: str) -> str:
        asked.append(address)
        return "HTTP 404"

    monkeypatch.setattr(links, "_fault", fault)
    found = [
        Link("a.md", "https://gone.example/x#part"),
        Link("b.md", "https://gone.example/x"),
        Link("b.md", "a.md"),
    ]
    assert links.unanswered(found) == ["https://gone.example/x: HTTP 404 (a.md)"]
    assert asked == ["https://gone.example/x"]
