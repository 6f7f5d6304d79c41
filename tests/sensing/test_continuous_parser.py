"""What A&D and CAS indicators send by themselves: understood, dropped, told."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sensing.continuous_parser import LONGEST_LINE, ContinuousParser
from edge_agent.sensing.mass_units import GRAMS
from edge_agent.sensing.readings import Reading
from tests.sensing.parser_trials import counted, held_after, in_pieces

COUNTERS = ("lines", "malformed", "overlong", "seven_bit", "unit", "foreign_unit", "fault")

UNITS = st.sampled_from(["g", "kg", "mg", "lb", "oz", "ozt", "ct", "GN", "dwt", "mom"])
VALUES = st.integers(-9_999_999, 9_999_999).map(lambda n: n / 100)
HEADS = st.sampled_from(["ST", "US"])


@st.composite
def standard_lines(draw: st.DrawFn) -> tuple[bytes, float]:
    """A&D: nine characters of data, three of unit."""
    value, unit = draw(VALUES), draw(UNITS)
    text = f"{draw(HEADS)},{value:+09.2f}{unit:>3}"
    return text.encode(), value * GRAMS[unit.lower()]


@st.composite
def cas_lines(draw: st.DrawFn) -> tuple[bytes, float]:
    """CAS: 22 bytes with a device number and lamps, each any byte."""
    value = draw(st.integers(0, 999_999)) / 100
    head = f"{draw(HEADS)},{draw(st.sampled_from(['GS', 'NT']))},".encode()
    device, lamps, relays = (draw(st.integers(0, 255)) for _ in range(3))
    if lamps in b"\r\n" or relays in b"\r\n":
        lamps, relays = 0xC4, 0x20
    line = head + bytes([device, lamps]) + f",{value:08.2f}".encode() + bytes([relays]) + b"kg"
    assert len(line) == 20
    return line, value * 1000


LINES = st.lists(st.one_of(standard_lines(), cas_lines()), max_size=6)
GARBAGE = st.binary(max_size=60).filter(lambda b: not re.search(rb"[\r\n]|ST|US|OL|QT", b))


def one(line: bytes) -> Reading:
    (reading,) = ContinuousParser().feed(line + b"\r\n")
    return reading


@pytest.mark.parametrize(
    ("line", "grams"),
    [
        (b"ST,+00123.45  g", 123.45),
        (b"ST,-00000.10  g", -0.1),
        (b"ST,+00012.345 kg", 12345),
        (b"ST,+002.40kg", 2400),
        (b"ST,-000.05kg", -50),
        (b"ST,+  123,45  g", 123.45),
        (b"QT,+00012.00  g", 12),
        (b"ST,GS,+0013.5kg", 13500),
        (b"ST,NT,-  13.5kg", -13500),
        (b"ST,GS,+00950.0 g", 950),
        (b"ST,GS,+000.950 t", 950_000),
        (b"ST,NT,   1.234,kg", 1234),
        (b"ST,GS,1\xc4,000013.5 kg", 13500),
        (b"ST,NT,=\xc4,   -0.05 kg", -50),
        (b"ST,NT,1\xc4,  1500.0  g", 1500),
        (b"ST,+000001.00  t", 11.6638038),
        (b"ST,+00001.000 lb", 453.59237),
        (b"ST,+0001.0000 oz", 28.349523125),
        (b"ST,+0001.0000ozt", 31.1034768),
        (b"ST,+00005.000 ct", 1),
        (b"ST,+00001.000dwt", 1.55517384),
        (b"ST,+00001.000 GN", 0.06479891),
        (b"ST,+00001.000mom", 3.75),
    ],
)
def test_a_line_of_each_shape_and_unit_is_weighed(line: bytes, grams: float) -> None:
    assert one(line).grams == pytest.approx(grams)


def test_stable_and_moving_are_told_apart() -> None:
    assert one(b"ST,+00123.45  g").state == "stable"
    assert one(b"US,+00123.45  g").state == "moving"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"OL,+999999.9  g", "over"),
        (b"OL,-999999.9  g", "under"),
        (b"OL,+99.9999 kg", "over"),
        (b"OL,GS,+ 999.99kg", "over"),
        (b"OL,GS,1\x84,        kg", "over"),
        (b"OL,NT,1\x84,-99999.9 kg", "under"),
        (b"OL,+99999999 PC", "over"),
    ],
)
def test_a_load_beyond_range_is_no_weight_but_a_word(line: bytes, state: str) -> None:
    reading = one(line)
    assert math.isnan(reading.grams)
    assert reading.state == state
    assert reading.is_beyond


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        (b"QT,+00012345 PC", "PC"),
        (b"ST,+000123.4  %", "%"),
        (b"ST,+0001.234  N", "N"),
        (b"ST,+0001.234 DS", "DS"),
        (b"ST,+0001.234 tl", "tl"),
    ],
)
def test_a_unit_that_is_no_mass_is_told_until_a_mass_comes(line: bytes, unit: str) -> None:
    parser = ContinuousParser()
    readings = parser.feed(line + b"\r\n")
    assert [math.isnan(r.grams) for r in readings] == [True]
    assert parser.foreign_unit == unit
    parser.feed(b"ST,+00123.45  g\r\n")
    assert parser.foreign_unit is None


def test_a_digit_in_the_relay_byte_is_not_taken_for_one_of_the_weight() -> None:
    assert one(b"ST,GS,1\xc4,000013.51kg").grams == 13500


@pytest.mark.parametrize("device", [0x0A, 0x0D])
def test_a_device_number_that_looks_like_a_line_end_does_not_cut_the_line(device: int) -> None:
    line = b"ST,GS," + bytes([device]) + b"\xc4,000013.5 kg\r\n"
    parser = ContinuousParser()
    assert [r.grams for r in parser.feed(line * 3)] == [13500] * 3
    assert parser.dropped == 0


@pytest.mark.parametrize(
    "line",
    [
        b"ST",
        b"ST,",
        b"ST,g",
        b"ST,+  g",
        b"ST,+1.2.3  g",
        b"ST,+00123.45",
        b"ST,+00123.45xyz",
        b"XX,+00123.45  g",
        b"st,+00123.45  g",
        b"+00123.45  g",
        b"ST,+0x123  g",
        b"ST,+nan  g",
        b"ST,+1e5  g",
        b"ST,GS,",
        b"ST,GS,1\xc4,000013.5",
        b"\x00",
    ],
)
def test_what_is_no_weight_is_counted_and_dropped(line: bytes) -> None:
    parser = ContinuousParser()
    assert parser.feed(line + b"\r\n\r\nST,+00001.00  g\r\n") == [Reading(1.0, "stable")]
    assert parser.dropped == 1


def test_an_error_that_the_indicator_reports_is_kept() -> None:
    parser = ContinuousParser()
    parser.feed(b"ERR 02\r\n")
    assert parser.fault == "02"
    parser.feed(b"ST,+00001.00  g\r\n")
    assert parser.fault is None


@pytest.mark.parametrize("odd", [0, 1])
def test_seven_data_bits_with_parity_are_recognised_and_not_guessed(odd: int) -> None:
    with_parity = bytes(b | (b.bit_count() + odd) % 2 << 7 for b in b"ST,+00123.45  g\r\n")
    parser = ContinuousParser()
    assert parser.feed(with_parity * 4) == []
    assert parser.seven_bit >= 3


@given(LINES, st.sampled_from([b"\r\n", b"\n"]))
@settings(max_examples=40)
def test_bytes_may_be_cut_at_every_position(lines: list[tuple[bytes, float]], end: bytes) -> None:
    wire = b"".join(line + end for line, _ in lines)
    expected = [pytest.approx(grams) for _, grams in lines]
    for cut in range(len(wire) + 1):
        parser = ContinuousParser()
        told = parser.feed(wire[:cut]) + parser.feed(wire[cut:])
        assert [r.grams for r in told] == expected
        assert parser.dropped == 0


@given(st.binary(max_size=120), LINES, st.data())
def test_counters_do_not_depend_on_the_cuts(
    noise: bytes, lines: list[tuple[bytes, float]], cuts: st.DataObject
) -> None:
    wire = noise + b"".join(line + b"\r\n" for line, _ in lines) + noise + b"\r\n"
    whole, cut = ContinuousParser(), ContinuousParser()
    expected = [str(reading) for reading in whole.feed(wire)]
    assert [str(r) for part in in_pieces(wire, cuts) for r in cut.feed(part)] == expected
    assert counted(cut, *COUNTERS) == counted(whole, *COUNTERS)


@given(LINES, GARBAGE, GARBAGE)
def test_garbage_between_lines_costs_no_good_line(
    lines: list[tuple[bytes, float]], before: bytes, between: bytes
) -> None:
    wire = before + b"\r\n" + b"".join(line + b"\r\n" + between + b"\r\n" for line, _ in lines)
    parser = ContinuousParser()
    assert [r.grams for r in parser.feed(wire)] == [pytest.approx(grams) for _, grams in lines]
    assert parser.lines == len(lines)


@given(standard_lines(), st.data())
def test_a_line_cut_short_is_dropped_and_the_next_is_read(
    line: tuple[bytes, float], where: st.DataObject
) -> None:
    text, grams = line
    kept = where.draw(st.integers(1, len(text) - 4))
    parser = ContinuousParser()
    wire = text[:kept] + b"\r\n" + text + b"\r\n"
    assert [r.grams for r in parser.feed(wire)] == [pytest.approx(grams)]
    assert parser.dropped == 1


@pytest.mark.parametrize("flood", [b"x" * 65536, b"ST,GS," * 10000, b"ST,+" + b"1" * 65536])
def test_a_flood_without_line_ends_holds_no_memory_and_hides_no_later_line(flood: bytes) -> None:
    parser = ContinuousParser()
    assert held_after(parser, [flood]) < 8192
    assert parser.feed(b"\r\nST,+00001.00  g\r\n") == [Reading(1.0, "stable")]
    assert parser.overlong == 1


@given(st.binary(max_size=300))
def test_no_bytes_raise_or_make_a_weight_that_is_not_there(wire: bytes) -> None:
    parser = ContinuousParser()
    for reading in parser.feed(wire + b"\n"):
        assert math.isnan(reading.grams) or abs(reading.grams) < 1e16
    assert len(wire) >= LONGEST_LINE or parser.overlong == 0
