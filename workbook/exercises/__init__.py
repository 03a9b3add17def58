"""The notebooks' exercises, checked by the notebook itself: ``%load_ext workbook.exercises``.

The folder ``lesson_05`` is the one source of the exercises of notebook 05: texts and answers as
content, and ``checks.py``, which judges an answer. From it come the cells in the notebook
(``cells``), what the cell magic ``%%exercise 05.1`` says about an answer (``judge``), and the
attempts which prove that it says the right thing (``proof``).
"""

from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give the notebook its cell magic ``%%exercise``; ``%load_ext`` calls this."""
    from workbook.exercises import magic  # the package is imported for its other parts too

    magic.register(shell)
