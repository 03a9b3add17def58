"""The outputs that a panel leaves in its notebook."""

import copy
from textwrap import dedent
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "deploy": """
        from workbook import deployment, live, target
        aws = target.connect("local")
        uuid = deployment.deploy(aws)
    """,
    "show": """
        panel = live.Panel(aws)
        panel
    """,
    # The picture shown at first has no figures. One kept after some have arrived does.
    "wait": """
        deployment.wait_until("figures", lambda: not panel.frame().empty)
        due = panel._picture_due
        deployment.wait_until("a picture", lambda: panel._picture_due > due)
    """,
    "stop": "panel.stop()",
    "close": "aws.close()",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[Any]]:
    """The outputs of the cell that shows a panel, after each of the cells."""
    notebook = new_notebook(cells=[new_code_cell(dedent(code)) for code in CELLS.values()])
    found: dict[str, list[Any]] = {}

    def keep(cell: nbformat.NotebookNode, cell_index: int, execute_reply: Any) -> None:
        found[list(CELLS)[cell_index]] = copy.deepcopy(notebook.cells[1].outputs)

    NotebookClient(notebook, timeout=120, on_cell_executed=keep).execute()
    return found


def test_a_notebook_that_is_saved_while_the_panel_runs_has_a_picture(
    outputs: dict[str, list[Any]],
) -> None:
    widget, picture = outputs["wait"]
    assert "application/vnd.jupyter.widget-view+json" in widget["data"]
    alt = picture["metadata"]["image/png"]["alt"]
    assert alt.startswith("Four line charts of the pipeline behind stream flights, over ")
    assert "no figures yet" not in alt
    assert f'alt="{alt}"' in picture["data"]["text/html"]


def test_a_stopped_panel_leaves_its_picture_in_the_notebook(outputs: dict[str, list[Any]]) -> None:
    said, picture = outputs["stop"]
    assert said["data"] == {"text/plain": "Stopped; panel.start() continues."}
    assert set(picture["data"]) == {"text/html", "image/png", "text/plain"}
    alt = picture["metadata"]["image/png"]["alt"]
    assert alt.startswith("Four line charts of the pipeline behind stream flights")
    assert alt == picture["data"]["text/plain"]
