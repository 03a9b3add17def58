"""Diagrams of boxes and arrows: the pipeline, its function's role, a stream's sources.

Each function returns a ``Picture`` for ``plots.show``, whose alt text describes the diagram.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from workbook import plots
from workbook.plots import Picture

PALE, DARK = "#EEEEEE", "#333333"


class Box(NamedTuple):
    """A box: its centre, in units of a box's width and height, and its text."""

    x: float
    y: float
    text: str


class Arrow(NamedTuple):
    """An arrow from one box to another, and its label."""

    start: str
    end: str
    text: str = ""


PARTS = {
    "producer": Box(0, 0, "producer"),
    "flights": Box(1, 0, "stream\nflights"),
    "mapping": Box(2, 0, "event source\nmapping"),
    "function": Box(3, 0, "function\nhandler.py"),
    "processed_stream": Box(4, 0, "stream\nprocessed_stream"),
    "pandas": Box(5, 0, "pandas"),
}
STEPS = (
    Arrow("producer", "flights", "PutRecords"),
    Arrow("flights", "mapping", "polls"),
    Arrow("mapping", "function", "invokes"),
    Arrow("function", "processed_stream", "PutRecords"),
    Arrow("processed_stream", "pandas", "GetRecords"),
)


def pipeline(*focus: str, title: str = "The path of a flight") -> Picture:
    """Draw the pipeline from the producer to pandas.

    Args:
        focus: the parts to highlight, which the lesson is about: names of ``PARTS``.
        title: the picture's title.

    Raises:
        ValueError: ``focus`` names a part that the pipeline does not have.
    """
    if unknown := sorted(set(focus) - set(PARTS)):
        raise ValueError(f"the pipeline has no part {', '.join(unknown)}; it has {list(PARTS)}")
    figure, axes = plots.subplots(size=(9.5, 1.9))
    _draw(axes, PARTS, STEPS, focus, lift=0.45)
    axes.set_title(title)
    alt = (
        "Diagram of the pipeline. A producer puts records into the stream flights. An event source "
        "mapping polls that stream and invokes the function in handler.py. The function puts its "
        "results into the stream processed_stream, from which pandas gets them."
    )
    return Picture(figure, alt + (f" In focus: {', '.join(focus)}." if focus else ""))


def role(name: str, allowed: Mapping[str, str]) -> Picture:
    """Draw a role: what may assume it, and what it allows on which resource.

    Args:
        name: the role's name.
        allowed: for each resource, the allowed actions in a few words.
    """
    middle = (len(allowed) - 1) / 2
    boxes = {
        "lambda": Box(0, middle, "Lambda service"),
        "role": Box(1.5, middle, f"role\n{name}"),
    }
    arrows = [Arrow("lambda", "role", "assumes it")]
    for place, (resource, action) in enumerate(reversed(list(allowed.items()))):
        boxes[resource] = Box(3.2, place, resource)
        arrows.append(Arrow("role", resource, action))
    figure, axes = plots.subplots(size=(8.5, 0.6 + 0.8 * len(allowed)))
    _draw(axes, boxes, arrows, {"role"})
    axes.set_title("What the role says: who may assume it, and what it allows")
    listed = "; ".join(f"{action} on {resource}" for resource, action in allowed.items())
    listed = " ".join(listed.split())
    alt = f"Diagram. The Lambda service assumes the role {name}. The role allows: {listed}."
    return Picture(figure, alt)


def sources(stream: str, writers: Mapping[str, str], reader: str) -> Picture:
    """Draw a stream that several sources write to and one function reads.

    Args:
        stream: the stream's name.
        writers: for each source, how its events reach the stream, in a few words.
        reader: the function's name.
    """
    middle = (len(writers) - 1) / 2
    boxes = {
        "stream": Box(2.2, middle, f"stream\n{stream}"),
        "function": Box(3.7, middle, f"function\n{reader}"),
    }
    arrows = [Arrow("stream", "function", "mapping polls")]
    for place, (source, way) in enumerate(reversed(list(writers.items()))):
        boxes[source] = Box(0, place, source)
        arrows.append(Arrow(source, "stream", way))
    figure, axes = plots.subplots(size=(9, 0.6 + 0.8 * len(writers)))
    _draw(axes, boxes, arrows, {"stream"})
    axes.set_title("One stream, several sources")
    ways = "; ".join(f"{source} by {way}" for source, way in writers.items())
    alt = (
        f"Diagram. Sources write to the stream {stream}: {' '.join(ways.split())}. An event source "
        f"mapping polls it and invokes the function {reader}."
    )
    return Picture(figure, alt)


def _draw(
    axes: Axes,
    boxes: Mapping[str, Box],
    arrows: Iterable[Arrow],
    focus: Collection[str],
    *,
    lift: float = 0.0,
) -> None:
    """Draw boxes of equal size, and arrows from the side of one box to the side of another.

    ``lift`` is the height of a label above its arrow; at 0, the label is on the arrow.
    """
    half_width, half_height = 0.34, 0.34
    for name, box in boxes.items():
        stands_out = name in focus
        axes.add_patch(
            FancyBboxPatch(
                (box.x - half_width, box.y - half_height),
                2 * half_width,
                2 * half_height,
                boxstyle="round,pad=0.02",
                facecolor=plots.BLUE if stands_out else PALE,
                edgecolor=plots.BLUE if stands_out else DARK,
            )
        )
        axes.text(
            box.x,
            box.y,
            box.text,
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if stands_out else DARK,
        )
    for arrow in arrows:
        start, end = boxes[arrow.start], boxes[arrow.end]
        left, right = start.x + half_width + 0.03, end.x - half_width - 0.03
        axes.annotate(
            "",
            xy=(right, end.y),
            xytext=(left, start.y),
            arrowprops={"arrowstyle": "-|>", "color": DARK},
        )
        axes.text(
            (left + right) / 2,
            (start.y + end.y) / 2 + lift,
            arrow.text,
            ha="center",
            va="center",
            fontsize=8,
            color=DARK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    rows = [box.y for box in boxes.values()]
    axes.set(xlim=(-0.45, max(box.x for box in boxes.values()) + 0.45))
    axes.set(ylim=(min(rows) - 0.45, max(rows) + 0.45 + lift / 3))
    axes.axis("off")
