"""The two outputs of the panel in a notebook: a widget, and a picture that is stored.

Where the widget does not run - on GitHub, on a page, in a notebook that is opened again - it shows
nothing. So a cell has a second output, a picture, which JupyterLab hides while the first is the
widget [charts.css]. Whenever the notebook is saved, it contains a picture. Other programs, such as
VS Code, show both.
"""

from typing import Any

from IPython.display import DisplayHandle

Bundle = dict[str, Any]  # data by MIME type


class CellOutputs:
    """The widget and the picture, in every cell that shows them."""

    def __init__(self) -> None:
        self._front = DisplayHandle()
        self._picture = DisplayHandle()
        self.is_shown = False  # whether any cell shows them

    def show(self, front: Bundle, picture: tuple[Bundle, Bundle]) -> None:
        """Show both at the end of the running cell.

        Args:
            front: the first output, the widget.
            picture: the second output, and its metadata.
        """
        data, metadata = picture
        self._front.display(front, raw=True)
        self._picture.display(data, metadata=metadata, raw=True)
        self.is_shown = True

    def put(self, front: Bundle) -> None:
        """Replace the first output."""
        self._front.update(front, raw=True)

    def keep(self, picture: tuple[Bundle, Bundle]) -> None:
        """Replace the picture."""
        data, metadata = picture
        self._picture.update(data, metadata=metadata, raw=True)
