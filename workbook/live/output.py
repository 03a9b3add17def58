"""The panel's place in a notebook: the widget in front, and behind it a picture that is kept.

Where nobody runs the widget - on GitHub, in a page, in a notebook that is opened again - there is
nothing of it to see. So a cell has a second output, a picture, which JupyterLab hides while the
first is the widget [charts.css]: whenever the notebook is saved, it holds a picture. Other
programs, such as VS Code, show both.
"""

from typing import Any

from IPython.display import DisplayHandle

Bundle = dict[str, Any]  # data by MIME type


class CellOutputs:
    """The two outputs, in every cell that they were shown in."""

    def __init__(self) -> None:
        self._front = DisplayHandle()  # type: ignore[no-untyped-call]
        self._picture = DisplayHandle()  # type: ignore[no-untyped-call]
        self.is_shown = False  # in any cell

    def show(self, front: Bundle, picture: tuple[Bundle, Bundle]) -> None:
        """Show both at the end of the cell that is running.

        Args:
            front: what is shown.
            picture: what is kept, and its metadata.
        """
        data, metadata = picture
        self._front.display(front, raw=True)  # type: ignore[no-untyped-call]
        self._picture.display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        self.is_shown = True

    def put(self, front: Bundle) -> None:
        """Show something else in front."""
        self._front.update(front, raw=True)  # type: ignore[no-untyped-call]

    def keep(self, picture: tuple[Bundle, Bundle]) -> None:
        """Keep another picture."""
        data, metadata = picture
        self._picture.update(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
