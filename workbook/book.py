"""The notebooks as a book: run each alone, in a fresh kernel, and store outputs that fit the code.

A stored output belongs to the code that made it: the notebook's own, the handler's, and that of
``workbook``. Their digest is stamped into the notebook, so a test can tell when one changed. Beside
it stands how long the run took and under which conditions, for the table of run times.
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
AT_ONCE = 2  # kernels; each has a local AWS beside it
CELL_TIMEOUT_SECONDS = 120

LARGEST_BYTES = 300_000
LONGEST_CELL_LINES = 15
EXPECTED_ERROR = "raises-exception"  # Jupyter's tag for a cell that is meant to fail
WIDGET = "application/vnd.jupyter.widget-view+json"
SOURCES = (".py", ".md")  # of what a cell shows; how pages look is not stored
MEASURED_WITH = ("boto3", "pandas", "moto")  # what a run time depends on, beside Python


class Outcome(NamedTuple):
    """How one notebook ran; ``error`` is empty when it ran to its end."""

    path: Path
    seconds: float
    error: str


def make(names: Sequence[str] = (), *, check: bool = False, root: Path = ROOT) -> int:
    """Run notebooks and store their outputs in them; prints a line for each.

    In the end, all are written as HTML too, to ``build/book``.

    Args:
        names: which ones, by the start of their names; left out, those whose code has changed.
        check: run all of them (or those named), prove their exercises and store nothing.
        root: of the project; they are in its folder ``notebooks``.

    Returns:
        Exit status: 1 when one failed, or breaks a rule of the book.

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
    print(f"{len(chosen)} of {len(paths)} notebooks to run, {AT_ONCE} at a time", flush=True)
    outcomes = asyncio.run(_run_all(chosen, root, store=not check))
    print(f"{sum(outcome.seconds for outcome in outcomes):7.1f} s in all")
    failed = any(outcome.error for outcome in outcomes)
    broken = (
        [] if check else [f"{path.name}: {text}" for path in paths for text in problems(path, root)]
    )
    for text in broken:
        print(text)
    print(f"As pages: {_write_pages(paths, outcomes, root)}")
    return int(failed or bool(broken))


def _write_pages(paths: list[Path], outcomes: list[Outcome], root: Path) -> Path:
    """The stored notebooks as HTML, with the present run times where there are any."""
    notebooks = {path: read(path) for path in paths}
    for outcome in outcomes:
        if not outcome.error:
            stamp = notebooks[outcome.path].metadata.setdefault("workbook", {})
            stamp["run"] = _measured(outcome.seconds)
    return pages.write(notebooks, root / "build" / "book")


def _measured(seconds: float) -> dict[str, Any]:
    """How long a run took, when, and on what."""
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
    """Where the notebooks are, in their order."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """The notebook at ``path``, in the present form of notebooks."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that run, in their order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def digest(notebook: NotebookNode, root: Path = ROOT) -> str:
    """Return what the notebook's outputs depend on, as 16 hexadecimal digits.

    That is its code, the handler's and the files of ``workbook``, of which some are Markdown, such
    as the exercises' texts. Its own prose does not count.
    """
    files = sorted(path for path in (root / "workbook").rglob("*") if path.suffix in SOURCES)
    parts = [cell.source for cell in code_cells(notebook)]
    parts += [
        f"{path.relative_to(root).as_posix()}\n{path.read_text('utf-8')}"
        for path in (root / "handler.py", *files)
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def is_current(notebook: NotebookNode, root: Path = ROOT) -> bool:
    """Whether the notebook's stored outputs were made by the present code."""
    stamp: Any = notebook.metadata.get("workbook", {}).get("digest")
    return bool(stamp == digest(notebook, root))


def problems(path: Path, root: Path = ROOT) -> list[str]:
    """Each rule of the book that a stored notebook breaks, in words; none is good."""
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
            yield where + "an object's address, which is another one in each run"


def _without_alt(text: str) -> bool:
    """Whether Markdown or HTML holds a picture that says nothing to who cannot see it."""
    tags = re.findall(r"<img\b[^>]*>", text)
    return "![](" in text or any(not re.search(r"\balt=[\"'][^\"']", tag) for tag in tags)


def _texts(output: NotebookNode) -> Iterator[str]:
    yield output.get("text", "")
    yield output.get("data", {}).get("text/plain", "")


async def _run_all(paths: list[Path], root: Path, *, store: bool) -> list[Outcome]:
    turn = asyncio.Semaphore(AT_ONCE)
    with tqdm(total=len(paths), unit="notebook", disable=None) as bar:

        async def one(path: Path) -> Outcome:
            async with turn:
                outcome = await _run(path, root, store=store)
            state = "failed" if outcome.error else "ok"
            bar.write(f"{outcome.seconds:7.1f} s  {path.stem:30} {state}")
            if outcome.error:
                bar.write(outcome.error)
            bar.update()
            return outcome

        return list(await asyncio.gather(*map(one, paths)))


class _Client(NotebookClient):
    """Forgets the widgets that the notebook closed, so that they leave nothing behind."""

    def handle_comm_msg(
        self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int
    ) -> None:
        super().handle_comm_msg(outs, msg, cell_index)
        if msg["msg_type"] == "comm_close":
            self.widget_state.pop(msg["content"]["comm_id"], None)


async def _run(path: Path, root: Path, *, store: bool) -> Outcome:
    """Run one notebook from top to bottom; store it only when it came to its end."""
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
        stamp = digest(notebook, root)  # before the run: code that changes meanwhile makes it stale
        # Never on a real account, whatever the user's own notebooks are set to.
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
    return Outcome(path, seconds, error)


def tidy(notebook: NotebookNode, widgets: dict[str, dict[str, Any]]) -> None:
    """Leave in an executed notebook what a reader needs and a later run would write again.

    Args:
        notebook: changed in place.
        widgets: the state of each widget at the end, by its id, as ``NotebookClient`` has it.
    """
    notebook.nbformat_minor = 5  # the first with cell ids
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
    """The output with its widget, if any, in words; nothing when the widget was closed.

    A widget that says nothing, such as the live view, keeps the text that it came with.
    """
    if WIDGET in output.get("data", {}):
        model = output.data.pop(WIDGET)["model_id"]
        if model not in widgets:
            return
        if words := " ".join(_words(model, widgets)):
            output.data["text/plain"] = words
    yield output


def _words(model: str, widgets: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What a widget and those inside it said at the end: a progress bar's figures, say."""
    state = widgets.get(model, {})
    value = state.get("value")
    if isinstance(value, str) and value.strip():
        yield " ".join(html.unescape(re.sub(r"<[^>]+>", "", value)).split())
    for child in state.get("children", []):
        yield from _words(child.removeprefix("IPY_MODEL_"), widgets)
