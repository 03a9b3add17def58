"""Diagrams show every part that they are given, and describe the same in words."""

import pytest
from matplotlib.figure import Figure

from workbook import diagrams


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_pipeline_shows_each_part_and_each_step() -> None:
    figure, alt = diagrams.pipeline("function")
    shown = texts(figure)
    assert {box.text for box in diagrams.PARTS.values()} <= set(shown)
    assert {step.text for step in diagrams.STEPS} <= set(shown)
    assert figure.axes[0].get_title()
    assert alt.endswith("In focus: function.")


def test_a_part_that_the_pipeline_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no part queue"):
        diagrams.pipeline("queue")


def test_a_role_shows_what_it_allows_on_which_resource() -> None:
    figure, alt = diagrams.role(
        "a-role", {"stream\nflights": "GetRecords", "a log": "PutLogEvents"}
    )
    assert {"role\na-role", "stream\nflights", "GetRecords", "PutLogEvents"} <= set(texts(figure))
    assert "GetRecords on stream flights; PutLogEvents on a log" in alt


def test_sources_of_a_stream_are_shown_with_how_they_write_to_it() -> None:
    figure, alt = diagrams.sources("s", {"table\nplanes": "changes", "bus": "a rule"}, "f")
    assert {"table\nplanes", "bus", "changes", "a rule", "stream\ns"} <= set(texts(figure))
    assert "stream s: table planes by changes; bus by a rule" in alt
    assert "function f" in alt
