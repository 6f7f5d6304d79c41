"""Lines cut out of bytes in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensing.line_cutter import LineCutter
from tests.sensing.parser_trials import held_after, in_pieces

LINES = st.lists(st.binary(min_size=1, max_size=12).filter(lambda b: not set(b) & set(b"\r\n")))


@given(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]), st.data())
def test_lines_come_out_as_they_went_in_wherever_they_are_cut(
    lines: list[bytes], end: bytes, cuts: st.DataObject
) -> None:
    cutter = LineCutter(12)
    wire = b"".join(line + end for line in lines)
    assert [line for part in in_pieces(wire, cuts) for line in cutter.feed(part)] == lines
    assert cutter.overlong == 0


@given(st.binary(max_size=200), st.data())
def test_what_is_dropped_does_not_depend_on_the_cuts(wire: bytes, cuts: st.DataObject) -> None:
    whole, cut = LineCutter(5), LineCutter(5)
    expected = whole.feed(wire)
    assert [line for part in in_pieces(wire, cuts) for line in cut.feed(part)] == expected
    assert cut.overlong == whole.overlong


def test_a_flood_without_line_ends_is_one_long_line_and_holds_no_memory() -> None:
    cutter = LineCutter(32)
    assert held_after(cutter, [b"x" * 65536]) < 4096
    assert cutter.overlong == 1
    assert cutter.feed(b"\ngood\n") == [b"good"]
