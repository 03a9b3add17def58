"""The notebooks' exercises, checked by the notebook itself: ``%load_ext workbook.exercises``.

``lesson_05`` is the one source of the exercises of notebook 05: from it come the cells in the
notebook (``cells``), what the cell magic ``%%exercise 05.1`` says about an answer (``judge``), and
the attempts that prove that it says the right thing (``proof``).
"""

from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext`` calls: gives the notebook its cell magic ``%%exercise``."""
    from workbook.exercises import magic  # the package is imported for its other parts too

    magic.register(shell)
