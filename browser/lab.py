"""JupyterLab as started by `make lab`, on a copy of the notebooks, and a reader's actions in it."""

import json
import os
import re
import shutil
import subprocess
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin")
TOKEN = "browser"
SECONDS = 90
TIMEOUT = SECONDS * 1000  # in playwright's unit
HARMLESS = {  # JupyterLab's messages in the console if all is well
    # The kernel was restarted while JupyterLab was asking it for its debugger.
    "Could not restore the debugger state: Canceled future for debug_request message before "
    "replies were done",
}

# The content and activity of the notebook in front, from JupyterLab's own model.
CELLS = "jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
READY = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return session?.isReady && session.session?.kernel?.status === "idle";
}"""
ENDED = f"""() => {{
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session?.kernel;
  const code = {CELLS}.filter((cell) => cell.cell_type === "code");
  const failed = (cell) => cell.outputs.some((output) => output.output_type === "error")
    && !cell.metadata.tags?.includes("raises-exception");
  return kernel?.status === "idle"
    && (code.some(failed) || code.every((cell) => cell.execution_count !== null));
}}"""
SAVED = "() => !jupyterapp.shell.currentWidget.context.model.dirty"
# JupyterLab lays out cells near the window, which moves what was scrolled to.
SHOWN = """(element) => {
  element.scrollIntoView({block: "center"});
  const {top, bottom} = element.getBoundingClientRect();
  const middle = (top + bottom) / 2;
  const stays = top === element.top && middle > 0 && middle < innerHeight;
  element.frames = stays ? element.frames + 1 : 0;
  element.top = top;
  return element.frames > 20;
}"""


class Lab(NamedTuple):
    """A running JupyterLab: its address, and the folder that it shows."""

    url: str
    folder: Path

    def open(self, page: Page, path: str) -> None:
        """Open a notebook and close all others; wait for its kernel."""
        page.goto(f"{self.url}/lab/tree/{path}?reset&token={TOKEN}")
        page.wait_for_function(READY, timeout=TIMEOUT)

    def write(self, name: str, sources: list[str]) -> None:
        """Write a notebook of code cells to the folder that JupyterLab shows."""
        cells: list[dict[str, Any]] = [
            {
                "id": f"cell-{number}",
                "cell_type": "code",
                "source": textwrap.dedent(source).strip(),
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(sources, 1)
        ]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": kernel},
            "cells": cells,
        }
        (self.folder / name).write_text(json.dumps(notebook), "utf-8")

    def saved(self, page: Page, path: str) -> list[dict[str, Any]]:
        """Save the notebook in front; return the cells in its file."""
        page.get_by_role("button", name="Save and create checkpoint").click()
        page.wait_for_function(SAVED, timeout=TIMEOUT)
        cells: list[dict[str, Any]] = json.loads((self.folder / path).read_text("utf-8"))["cells"]
        return cells


def start_all(page: Page) -> None:
    """Restart the kernel and run all cells, from the menu."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Restart Kernel and Run All Cells…").click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()


def wait_for_end(page: Page) -> list[dict[str, Any]]:
    """Wait until all cells have run, or one has failed; return them with their outputs."""
    page.wait_for_function(ENDED, timeout=TIMEOUT)
    return code_cells(page)


def code_cells(page: Page) -> list[dict[str, Any]]:
    """Return the code cells of the notebook in front, with their present outputs."""
    cells: list[dict[str, Any]] = page.evaluate(CELLS)
    return [cell for cell in cells if cell["cell_type"] == "code"]


def show(page: Page, place: Locator) -> None:
    """Scroll until the place is in view, and stays there."""
    page.wait_for_function(SHOWN, arg=place.element_handle(), timeout=TIMEOUT)


def failures(cells: list[dict[str, Any]]) -> list[str]:
    """Return the errors of cells that are not meant to fail."""
    return [
        f"{output['ename']}: {output['evalue']}, in:\n{cell['source']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error"
        and "raises-exception" not in cell["metadata"].get("tags", [])
    ]


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """Run JupyterLab with default settings, on a copy of the notebooks and what they need."""
    project, state = folder / "project", folder / "jupyter"
    shutil.copytree(ROOT, project, ignore=_not_needed)
    for path in (project / "notebooks").glob("*.ipynb"):
        _forget_outputs(path)
    environment = {
        **os.environ,
        "WORKBOOK_AWS": "local",
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
    }
    log = folder / "jupyterlab.log"
    command = [
        str(SCRIPTS / "jupyter"),
        "lab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--port=0",
        "--LabApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={project}",
    ]
    with log.open("w") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        yield Lab(_url(process, log), project)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _not_needed(folder: str, names: list[str]) -> list[str]:
    """Return what the copy leaves out; the package is installed from the project itself."""
    left = [name for name in names if name.startswith((".", "__"))]
    return [*left, "build", "dist", "data", "workbook"] if Path(folder) == ROOT else left


def _forget_outputs(path: Path) -> None:
    """Remove the outputs, so that all outputs are from this run."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    path.write_text(json.dumps(notebook), "utf-8")


def _url(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Return the server's address, once its log shows it."""
    deadline = time.monotonic() + SECONDS
    while not (said := re.search(r"http://127\.0\.0\.1:\d+(?=/lab)", log.read_text())):
        assert time.monotonic() < deadline, log.read_text()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            pytest.fail(f"JupyterLab does not start:\n{log.read_text()}", pytrace=False)
    return said[0]
