"""The notebooks in JupyterLab, as learners use them: open, run all, see the pictures."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from browser import lab

# Each takes as long as it runs, so only these: the whole pipeline, pandas at the end, a sweep, and
# the live view. NOTEBOOKS="01_… 02_…" in the environment runs others.
USUAL = "00_ten_minutes 05_analyse_the_output 07_find_the_right_batch 11_run_your_own_experiments"
NOTEBOOKS = os.environ.get("NOTEBOOKS", USUAL).split()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_shows_its_pictures(
    jupyter: lab.Lab, name: str, page: Page, faults: list[str], keep: Callable[..., None]
) -> None:
    jupyter.open(page, f"notebooks/{name}.ipynb")
    lab.start_all(page)
    assert lab.failures(lab.wait_for_end(page)) == []
    pictures = page.locator(".jp-OutputArea-output img").all()
    assert pictures
    for number, picture in enumerate(pictures, 1):
        lab.show(page, picture)
        keep(f"lab-{name}-{number}")
        assert picture.evaluate("img => img.naturalWidth > 0 && img.alt.length > 20")
    assert faults == []
