"""The notebooks as a book: run each in its own kernel, and store outputs that fit the code.

A stored output belongs to the code that made it: the notebook's, the handler's and the workbook's.
The digest of that code is stored in the notebook, so a test can find that the code has changed. The
run time and its conditions are stored too, for the table of run times.
"""

import asyncio
import datetime
import hashlib
import html
import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from workbook import pages
from workbook.exercises import cells, proof
from workbook.exercises.exercise import UnknownExerciseError

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2  # kernels, each with its own local AWS, while run times are stored
AT_ONCE_CHECKED = 4  # they wait more than they compute
CELL_TIMEOUT_SECONDS = 120
DOCUMENTS = ("docs/glossary.md", "docs/run_online.md")  # which notebooks link to

LARGEST_BYTES = 300_000
LONGEST_CELL_LINES = 15
EXPECTED_ERROR = "raises-exception"  # Jupyter's tag for a cell that is meant to fail
WIDGET = "application/vnd.jupyter.widget-view+json"
SOURCES = (".py", ".md")  # files that can change a cell's output; the style of pages is not stored
MEASURED_WITH = ("boto3", "pandas", "moto")  # packages on whose versions a run time depends


class Run(NamedTuple):
    """The outcome of running a notebook; ``error`` is empty if it ran to its end."""

    path: Path
    seconds: float
    error: str


def make(names: Sequence[str] = (), *, check: bool = False, root: Path = ROOT) -> int:
    """Run notebooks, store their outputs, and print a line for each.

    All notebooks are then written as HTML to ``build/book``.

    Args:
        names: the starts of the names of notebooks to run; if empty, run those whose code has
            changed.
        check: run all notebooks (or those named), prove their exercises, and store nothing.
        root: the project, with the folder ``notebooks``.

    Returns:
        The exit status: 1 if a notebook failed or breaks a rule of the book.

    Raises:
        ValueError: no notebook has such a name, or one cannot become a page.
    """
    paths = stored(root)
    for name in names:
        if not any(path.name.startswith(name) for path in paths):
            raise ValueError(f"no notebook has a name that starts with {name!r}")
    if names:
        chosen = [path for path in paths if path.name.startswith(tuple(names))]
    elif check:
        chosen = paths
    else:
        chosen = [path for path in paths if not is_current(read(path), root)]
    at_once = AT_ONCE_CHECKED if check else AT_ONCE
    print(f"{len(chosen)} of {len(paths)} notebooks to run, {at_once} at a time", flush=True)
    runs = asyncio.run(_run_all(chosen, root, at_once, store=not check))
    print(f"{sum(run.seconds for run in runs):7.1f} s in all")
    failed = any(run.error for run in runs)
    broken = (
        [] if check else [f"{path.name}: {text}" for path in paths for text in problems(path, root)]
    )
    for text in broken:
        print(text)
    print(f"As pages: {_write_pages(paths, runs, root)}")
    return int(failed or bool(broken))


def _write_pages(paths: list[Path], runs: list[Run], root: Path) -> Path:
    """Write the stored notebooks as HTML, with the new run times, and return the index's path."""
    notebooks = {path: read(path) for path in paths}
    for run in runs:
        if not run.error:
            stamp = notebooks[run.path].metadata.setdefault("workbook", {})
            stamp["run"] = _measured(run.seconds)
    documents = {
        path: path.read_text("utf-8") for name in DOCUMENTS if (path := root / name).exists()
    }
    return pages.write(notebooks, root / "build" / "book", documents)


def _measured(seconds: float) -> dict[str, Any]:
    """Return a run time and its conditions, as they are stored."""
    return {
        "seconds": round(seconds, 1),
        "date": datetime.date.today().isoformat(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "versions": {
            "Python": platform.python_version(),
            **{name: metadata.version(name) for name in MEASURED_WITH},
        },
    }


def stored(root: Path = ROOT) -> list[Path]:
    """Return the paths of the notebooks, in order."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """Return the notebook at ``path``, converted to the current format."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def digest(notebook: NotebookNode, root: Path = ROOT) -> str:
    """Return a digest of what the notebook's outputs depend on: 16 hexadecimal digits.

    That is its code, the handler's and the files of ``workbook``, including Markdown such as the
    exercises' texts. The notebook's prose does not count.
    """
    files = sorted(path for path in (root / "workbook").rglob("*") if path.suffix in SOURCES)
    parts = [cell.source for cell in code_cells(notebook)]
    parts += [
        f"{path.relative_to(root).as_posix()}\n{path.read_text('utf-8')}"
        for path in (root / "handler.py", *files)
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def is_current(notebook: NotebookNode, root: Path = ROOT) -> bool:
    """Return whether the stored outputs were made by the present code."""
    stamp: Any = notebook.metadata.get("workbook", {}).get("digest")
    return bool(stamp == digest(notebook, root))


def problems(path: Path, root: Path = ROOT) -> list[str]:
    """Return a description of each rule of the book that a stored notebook breaks."""
    notebook = read(path)
    found = [text for cell in notebook.cells for text in _problems_of_cell(cell)]
    try:
        if not cells.fit(notebook, path.stem):
            found.append("its exercises are not those of workbook/exercises: make book")
    except UnknownExerciseError as error:
        found.append(str(error))
    if not is_current(notebook, root):
        found.append("its outputs were not made by the present code: make book")
    if path.stat().st_size > LARGEST_BYTES:
        found.append(f"{path.stat().st_size:,} bytes are more than {LARGEST_BYTES:,}")
    return found


def _problems_of_cell(cell: NotebookNode) -> Iterator[str]:
    where = f"cell {cell.id}: "
    if cell.cell_type == "markdown":
        if _without_alt(cell.source):
            yield where + "a picture without alt text"
        return
    if cell.cell_type != "code":
        return
    lines = len(cell.source.splitlines())
    if lines > LONGEST_CELL_LINES:
        yield where + f"{lines} lines are more than {LONGEST_CELL_LINES}"
    for output in cell.outputs:
        if output.output_type == "error" and EXPECTED_ERROR not in cell.metadata.get("tags", []):
            yield where + f"a stored {output.ename} that is not tagged {EXPECTED_ERROR}"
        data, metadata = output.get("data", {}), output.get("metadata", {})
        images = [kind for kind in data if kind.startswith("image/")]
        if any(not metadata.get(kind, {}).get("alt") for kind in images):
            yield where + "a picture without alt text"
        if _without_alt(data.get("text/html", "")):
            yield where + "a picture without alt text"
        if re.search(r"\bat 0x[0-9a-fA-F]{6,}", "".join(_texts(output))):
            yield where + "an object's address, which differs in each run"


def _without_alt(text: str) -> bool:
    """Return whether Markdown or HTML has a picture without alt text."""
    tags = re.findall(r"<img\b[^>]*>", text)
    return "![](" in text or any(not re.search(r"\balt=[\"'][^\"']", tag) for tag in tags)


def _texts(output: NotebookNode) -> Iterator[str]:
    yield output.get("text", "")
    yield output.get("data", {}).get("text/plain", "")


async def _run_all(paths: list[Path], root: Path, at_once: int, *, store: bool) -> list[Run]:
    """Run notebooks, those that took longest first, so that none is left to run alone."""
    paths = sorted(paths, key=_stored_seconds, reverse=True)
    turn = asyncio.Semaphore(at_once)
    with tqdm(total=len(paths), unit="notebook", disable=None) as bar:

        async def one(path: Path) -> Run:
            async with turn:
                run = await _run(path, root, store=store)
            state = "failed" if run.error else "ok"
            bar.write(f"{run.seconds:7.1f} s  {path.stem:30} {state}")
            if run.error:
                bar.write(run.error)
            bar.update()
            return run

        return list(await asyncio.gather(*map(one, paths)))


def _stored_seconds(path: Path) -> float:
    run: dict[str, Any] = read(path).metadata.get("workbook", {}).get("run", {})
    return float(run.get("seconds", 0))


class _Client(NotebookClient):
    """A client that forgets closed widgets, so that no output of them is stored."""

    def handle_comm_msg(
        self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int
    ) -> None:
        super().handle_comm_msg(outs, msg, cell_index)
        if msg["msg_type"] == "comm_close":
            self.widget_state.pop(msg["content"]["comm_id"], None)


async def _run(path: Path, root: Path, *, store: bool) -> Run:
    """Run a notebook from top to bottom, and store it if it ran to its end."""
    notebook = read(path)
    client = _Client(
        notebook,
        timeout=CELL_TIMEOUT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    started = time.monotonic()
    error = ""
    try:
        cells.write_into(notebook, path.stem)
        if not store:
            proof.add(notebook, path.stem)
        stamp = digest(notebook, root)  # before the run, during which the code may change
        # Never use a real account, whatever the environment says.
        await client.async_execute(env={**os.environ, "WORKBOOK_AWS": "local"})
        if not store:
            error = "\n".join(proof.failures(notebook, path.stem))
    except UnknownExerciseError as unknown:
        error = str(unknown)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = str(failure)
    seconds = time.monotonic() - started
    if store and not error:
        tidy(notebook, client.widget_state)
        notebook.metadata["workbook"] = {"digest": stamp, "run": _measured(seconds)}
        nbformat.write(notebook, path)
    return Run(path, seconds, error)


def tidy(notebook: NotebookNode, widgets: dict[str, dict[str, Any]]) -> None:
    """Remove from an executed notebook what readers do not need and what differs in each run.

    Args:
        notebook: the notebook, which is changed in place.
        widgets: the final state of each widget by its id, as ``NotebookClient`` keeps it.
    """
    notebook.nbformat_minor = 5  # the first version with cell ids
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    for number, cell in enumerate(notebook.cells, 1):
        cell.setdefault("id", f"cell-{number}")
        kept = {key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata}
        cell.metadata = NotebookNode(kept)
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs for still in _settle(output, widgets)]


def _settle(output: NotebookNode, widgets: dict[str, dict[str, Any]]) -> Iterator[NotebookNode]:
    """Yield the output, with a widget replaced by its text, unless the widget was closed.

    A widget without text, such as the live view, keeps its output.
    """
    if WIDGET in output.get("data", {}):
        model = output.data.pop(WIDGET)["model_id"]
        if model not in widgets:
            return
        if words := " ".join(_words(model, widgets)):
            output.data["text/plain"] = words
    yield output


def _words(model: str, widgets: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the texts of a widget and its children, such as a progress bar's figures."""
    state = widgets.get(model, {})
    value = state.get("value")
    if isinstance(value, str) and value.strip():
        yield " ".join(html.unescape(re.sub(r"<[^>]+>", "", value)).split())
    for child in state.get("children", []):
        yield from _words(child.removeprefix("IPY_MODEL_"), widgets)
