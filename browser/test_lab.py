"""The notebooks in JupyterLab, as learners see them: open, run all, look at the pictures."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from browser import lab

# Each takes as long as it runs. NOTEBOOKS="01_… 02_…" in the environment tries others.
NOTEBOOKS = os.environ.get("NOTEBOOKS", "05_analyse_the_output").split()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_shows_its_pictures(
    jupyter: lab.Lab, name: str, page: Page, faults: list[str], keep: Callable[..., None]
) -> None:
    jupyter.open(page, f"notebooks/{name}.ipynb")
    lab.start_all(page)
    assert lab.failures(lab.wait_for_end(page)) == []
    cells = page.locator(".jp-CodeCell", has=page.locator(".jp-OutputArea-output img"))
    assert cells.count() > 0
    for number, cell in enumerate(cells.all(), 1):
        keep(f"lab-{name}-{number}", cell)
        for picture in cell.locator("img").all():
            assert picture.evaluate("img => img.naturalWidth > 0 && img.alt.length > 20")
    assert faults == []
