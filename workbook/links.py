"""Check the links in the notebooks and documents.

``problems`` needs no network: it finds addresses that are not https or whose host is not listed
here, and links to missing files and headings of the project. ``unanswered`` requests each address;
it needs a network, and is run by ``make links``.
"""

import concurrent.futures
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import nbformat

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", "docs/*.md")
HOSTS = {  # that we link to; adding one must be a decision, not a slip
    "aws-sdk-pandas.readthedocs.io",
    "aws.amazon.com",
    "boto3.amazonaws.com",
    "creativecommons.org",
    "docs.aws.amazon.com",
    "docs.getmoto.org",
    "duckdb.org",
    "engineering.linkedin.com",
    "github.com",
    "hypothesis.readthedocs.io",
    "keepachangelog.com",
    "mybinder.org",
    "nightlies.apache.org",
    "pandas.pydata.org",
    "r4ds.hadley.nz",
    "semver.org",
    "www.oreilly.com",
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?<![\w/])<(https?://[^>\s]+)>")
CODE = re.compile(r"```.*?```|``[^`]*``|`[^`\n]*`", re.DOTALL)
AT_ONCE = 8
SECONDS = 20
REFUSED_TO_ROBOTS = {403, 405, 429, 999}  # the page exists, but refuses programs


class Link(NamedTuple):
    """A link, and the file that contains it, relative to the project."""

    file: str
    target: str


def links(root: Path) -> list[Link]:
    """Return each link in the notebooks and documents of the project at ``root``."""
    found = []
    for path in _sources(root):
        for cell in _texts(path):
            for match in LINK.finditer(CODE.sub("", cell)):
                name = path.relative_to(root).as_posix()
                found.append(Link(name, match.group(1) or match.group(2)))
    return found


def problems(found: Iterable[Link], root: Path) -> list[str]:
    """Return a description of each link that is malformed or has no target in the project."""
    return [text for link in found for text in _problems_of(link, root)]


def unanswered(found: Iterable[Link]) -> list[str]:
    """Request each address once; return a description of those that do not respond.

    If an address refuses programs but not people, it counts as responding.
    """
    addresses: dict[str, list[str]] = {}
    for link in found:
        if link.target.startswith("https:"):
            addresses.setdefault(link.target.partition("#")[0], []).append(link.file)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        faults = zip(addresses, pool.map(_fault, addresses), strict=True)
        return [
            f"{address}: {fault} ({addresses[address][0]})" for address, fault in faults if fault
        ]


def _sources(root: Path) -> Iterator[Path]:
    yield from sorted((root / "notebooks").glob("*.ipynb"))
    for pattern in DOCUMENTS:
        yield from sorted(root.glob(pattern))


def _texts(path: Path) -> list[str]:
    """Return the Markdown in a file: a notebook's cells, or a whole document."""
    if path.suffix != ".ipynb":
        return [path.read_text("utf-8")]
    notebook = nbformat.read(path, as_version=4)
    return [str(cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]


def _problems_of(link: Link, root: Path) -> Iterator[str]:
    where = f"{link.file}: {link.target} "
    address = urlsplit(link.target)
    if address.scheme:
        if address.scheme != "https":
            yield where + "is not https"
        elif address.hostname not in HOSTS:
            yield where + "leads to a host that workbook/links.py does not know"
        return
    path = (root / link.file).parent / address.path if address.path else root / link.file
    if not path.exists():
        yield where + "leads to a file that is not there"
    elif address.fragment and address.fragment not in _anchors(path):
        yield where + "leads to a heading that is not there"


def _anchors(path: Path) -> set[str]:
    """Return the anchors of a file's headings, in the forms that Jupyter and GitHub use."""
    text = "\n".join(_texts(path))
    heads = re.findall(r"^#+ +(.+?) *$", CODE.sub("", text), flags=re.MULTILINE)
    if path.suffix == ".ipynb":
        return {head.replace(" ", "-") for head in heads}
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _fault(address: str) -> str:
    """Return what is wrong with an address; an empty string if it responds."""
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        return "" if error.code in REFUSED_TO_ROBOTS else f"HTTP {error.code}"
    except OSError as error:
        return str(error)
