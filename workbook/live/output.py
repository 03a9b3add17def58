"""The panel's place in a notebook: the widget in front, and behind it a picture that is kept.

Where nobody runs the widget - on GitHub, in a page, in a notebook that is opened again - there is
nothing of it to see. So the cell has a second output, a picture, which JupyterLab hides while the
first is the widget [charts.css]: whenever the notebook is saved, it holds a picture.
"""

from typing import Any

from IPython.display import DisplayHandle, display

Bundle = dict[str, Any]  # data by MIME type


class Output:
    """The two outputs, shown at the end of the cell that is running.

    Args:
        front: what is shown.
        picture: what is kept, and its metadata.
    """

    def __init__(self, front: Bundle, picture: tuple[Bundle, Bundle]) -> None:
        self._front: DisplayHandle = display(front, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        data, metadata = picture
        self._picture: DisplayHandle = display(  # type: ignore[no-untyped-call]
            data, metadata=metadata, raw=True, display_id=True
        )

    def put(self, front: Bundle) -> None:
        """Show something else in front."""
        self._front.update(front, raw=True)  # type: ignore[no-untyped-call]

    def keep(self, picture: tuple[Bundle, Bundle]) -> None:
        """Keep another picture."""
        data, metadata = picture
        self._picture.update(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
