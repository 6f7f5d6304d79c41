"""What MT-SICS scales answer: understood, dropped, told."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sensing.mass_units import GRAMS
from edge_agent.sensing.mtsics_parser import About, Answer, MtSicsParser, Refusal
from edge_agent.sensing.readings import Reading
from tests.sensing.parser_trials import counted, held_after, in_pieces

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "scale-logs"
COUNTERS = ("lines", "malformed", "overlong", "foreign_unit")


@st.composite
def weights(draw: st.DrawFn) -> tuple[bytes, float]:
    """An answer with a weight, right-aligned in ten characters, and its grams."""
    value = draw(st.integers(-99_999_999, 99_999_999)) / 1000
    unit = draw(st.sampled_from(["g", "kg", "mg", "lb", "oz", "ct", "GN"]))
    prefix, state = draw(st.sampled_from(["S", "SI"])), draw(st.sampled_from("SD"))
    return f"{prefix} {state} {value:10.3f} {unit}".encode(), value * GRAMS[unit.lower()]


LINES = st.lists(weights(), max_size=6)
GARBAGE = st.binary(max_size=60).filter(lambda b: not re.search(rb"[\r\n]|[SEI]", b))


def one(line: bytes) -> Answer:
    (answer,) = MtSicsParser().feed(line + b"\r\n")
    return answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"S S     100.00 g", Reading(100.0, "stable")),
        (b"S D     100.00 g", Reading(100.0, "moving")),
        (b"SI S     100.00 g", Reading(100.0, "stable")),
        (b"SI D    -100.00 g", Reading(-100.0, "moving")),
        (b"S S   -   1.50 g", Reading(-1.5, "stable")),
        (b"S S      0.346 kg", Reading(346.0, "stable")),
        (b"S S     346000 mg", Reading(346.0, "stable")),
        (b"S S      0,346 kg ", Reading(346.0, "stable")),
        (b"S S 0.5 t", Reading(500_000.0, "stable")),
        (b"ES", Refusal("ES")),
        (b"ET", Refusal("ET")),
        (b"EL", Refusal("EL")),
        (b"I2 I", Refusal("I")),
        (b'I4 A "0123456789"', About("I4", "0123456789")),
        (b'I2 A "MS3002S" "Standard"', About("I2", "MS3002S Standard")),
        (b"I2 A WLC 6/A2", About("I2", "WLC 6/A2")),
    ],
)
def test_each_kind_of_answer_is_understood(line: bytes, answer: Answer) -> None:
    told = one(line)
    if isinstance(answer, Reading) and isinstance(told, Reading):
        assert told.grams == pytest.approx(answer.grams)
        assert told.state == answer.state
    else:
        assert told == answer


@pytest.mark.parametrize("prefix", [b"S", b"SI"])
@pytest.mark.parametrize(
    ("sign", "state"), [(b"+", "over"), (b"-", "under"), (b"I", "busy"), (b"L", "busy")]
)
def test_no_weight_is_told_with_its_reason(prefix: bytes, sign: bytes, state: str) -> None:
    reading = one(prefix + b" " + sign)
    assert isinstance(reading, Reading)
    assert math.isnan(reading.grams)
    assert reading.state == state
    assert reading.is_beyond == (sign in b"+-")


@pytest.mark.parametrize("unit", ["PCS", "%", "N"])
def test_a_unit_that_is_no_mass_is_told_until_a_mass_comes(unit: str) -> None:
    parser = MtSicsParser()
    parser.feed(f"S S        12 {unit}\r\n".encode())
    assert parser.foreign_unit == unit
    parser.feed(b"S S        12 g\r\n")
    assert parser.foreign_unit is None


@pytest.mark.parametrize(
    "line",
    [
        b"S",
        b"S S",
        b"S S g",
        b"S S 1.2.3 g",
        b"S S 100.00",
        b"S S 100.00 furlong",
        b"S X 100.00 g",
        b"SS 100.00 g",
        b"s s 100.00 g",
        b"S S nan g",
        b"S S 1e5 g",
        b"T S 100.00 g",
        b"Z A",
        b"E",
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_is_counted_and_dropped(line: bytes) -> None:
    parser = MtSicsParser()
    assert parser.feed(line + b"\r\nS S 1.00 g\r\n") == [Reading(1.0, "stable")]
    assert parser.malformed == 1


@given(LINES)
@settings(max_examples=40)
def test_bytes_may_be_cut_at_every_position(lines: list[tuple[bytes, float]]) -> None:
    wire = b"".join(line + b"\r\n" for line, _ in lines)
    expected = [pytest.approx(grams) for _, grams in lines]
    for cut in range(len(wire) + 1):
        parser = MtSicsParser()
        told = parser.feed(wire[:cut]) + parser.feed(wire[cut:])
        assert [r.grams for r in told if isinstance(r, Reading)] == expected
        assert parser.dropped == 0


@given(st.binary(max_size=150), LINES, st.data())
def test_counters_do_not_depend_on_the_cuts(
    noise: bytes, lines: list[tuple[bytes, float]], cuts: st.DataObject
) -> None:
    wire = noise + b"".join(line + b"\r\n" for line, _ in lines) + noise + b"\r\n"
    whole, cut = MtSicsParser(), MtSicsParser()
    expected = [str(answer) for answer in whole.feed(wire)]
    assert [str(a) for part in in_pieces(wire, cuts) for a in cut.feed(part)] == expected
    assert counted(cut, *COUNTERS) == counted(whole, *COUNTERS)


@given(LINES, GARBAGE)
def test_garbage_between_answers_costs_none(
    lines: list[tuple[bytes, float]], between: bytes
) -> None:
    wire = b"".join(between + b"\r\n" + line + b"\r\n" for line, _ in lines)
    told = MtSicsParser().feed(wire)
    grams = [answer.grams for answer in told if isinstance(answer, Reading)]
    assert grams == [pytest.approx(g) for _, g in lines]


@pytest.mark.parametrize("flood", [b"S" * 65536, b"S S " + b"1" * 65536, b'I2 A "' + b"x" * 65536])
def test_a_flood_without_line_ends_holds_no_memory_and_hides_no_later_answer(flood: bytes) -> None:
    parser = MtSicsParser()
    assert held_after(parser, [flood]) < 8192
    assert parser.feed(b"\r\nS S 1.00 g\r\n") == [Reading(1.0, "stable")]
    assert parser.overlong == 1


@given(st.binary(max_size=300))
def test_no_bytes_raise(wire: bytes) -> None:
    parser = MtSicsParser()
    answers = parser.feed(wire + b"\n")
    assert len(answers) == parser.lines


def spoken(name: str) -> list[tuple[str, bytes]]:
    """Questions and answers of a dialogue that was recorded."""
    path = LOGS / name
    if not path.exists():
        pytest.skip(f"no recorded dialogue: ../shared/data/scale-logs/{name} is absent")
    exchanges = re.findall(r"(\S+)(?: ->)? b('[^']*')", path.read_text())
    return [(asked.strip("b'"), ast.literal_eval(f"b{answer}")) for asked, answer in exchanges]


@pytest.mark.parametrize("transport", ["tcp", "pty"])
def test_a_recorded_dialogue_is_understood(transport: str) -> None:
    told: dict[str, list[Answer]] = {}
    for question, wire in spoken(f"mtsics_emulator_{transport}_transcript.txt"):
        told.setdefault(question, []).extend(MtSicsParser().feed(wire))
    readings = [a for q in ("S", "SI") for a in told[q] if isinstance(a, Reading)]
    assert Reading(0.0, "stable") in readings
    assert any(isinstance(a, About) and a.inquiry == "I2" for a in told["I2"])
    unknown = "BOGUS" if transport == "tcp" else "X"
    assert told[unknown] == [Refusal("ES")]
    if transport == "tcp":
        states = [reading.state for reading in readings]
        assert {"stable", "moving", "over", "under"} <= set(states)
        assert Reading(328.7, "moving") in readings
