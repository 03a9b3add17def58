"""The output of a function's process: lines and frames arrive intact, however split."""

import asyncio
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.functions import output
from workbook.localaws.functions.output import OutputPipe

LINES = st.text(st.characters(blacklist_characters="\n", blacklist_categories=["Cs"])).map(
    lambda text: text + "\n"
)
FRAMES = st.text(st.characters(blacklist_categories=["Cs"]))


def frame(text: str) -> bytes:
    """Return an event as the runtime client writes it."""
    content = text.encode()
    return struct.pack(">IIQ", 0xA55A0003, len(content), 0) + content


def come_out(*parts: bytes) -> list[str]:
    """Write parts into a pipe, one after the other; return the events."""
    taken: list[str] = []

    async def run() -> None:
        pipe = OutputPipe(taken.extend)
        pipe.open()
        for part in parts:
            os.write(pipe.write_end, part)
            await asyncio.sleep(0)  # lets the pipe read
        pipe.close_writer()
        pipe.close()

    asyncio.run(run())
    return taken


@given(
    events=st.lists(st.one_of(st.tuples(st.just(0), LINES), st.tuples(st.just(1), FRAMES))),
    cut=st.integers(1, 40),
)
def test_lines_and_frames_come_out_in_order(events: list[tuple[int, str]], cut: int) -> None:
    written = b"".join(frame(text) if is_frame else text.encode() for is_frame, text in events)
    parts = [written[at : at + cut] for at in range(0, len(written), cut)]
    assert come_out(*parts) == [text for _, text in events]


@given(data=st.binary(max_size=200).map(lambda noise: b"\xa5\x5a\x00" + noise))
def test_output_that_only_looks_like_a_frame_is_not_lost(data: bytes) -> None:
    """The pipe belongs to the function, which may write anything."""
    assert come_out(data, b"\nend\n")[-1].endswith("end\n")


@given(
    parts=st.lists(st.one_of(LINES, FRAMES, st.text(max_size=3).map(lambda text: text * 9))),
    is_frame=st.booleans(),
    most=st.integers(4, 20),
)
def test_no_log_event_exceeds_its_maximum_size(parts: list[str], is_frame: bool, most: int) -> None:
    """[BC] Longer output becomes several events, split between characters."""
    parts = [text.encode(errors="ignore").decode() for text in parts]
    written = [frame(text) if is_frame else text.encode() for text in parts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "MAX_EVENT_BYTES", most)
        events = come_out(*written)
    assert "".join(events) == "".join(parts)
    assert all(len(event.encode()) <= most for event in events)


def test_an_endless_line_does_not_fill_the_memory() -> None:
    events = come_out(*[b"x" * 30_000] * 100)
    assert sum(map(len, events)) == 3_000_000
    assert max(map(len, events)) == output.MAX_EVENT_BYTES
