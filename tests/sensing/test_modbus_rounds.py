"""Who on a Modbus line is asked when, and what each round comes to."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensing.modbus_frames import ReadRequest, crc16
from edge_agent.sensing.modbus_rounds import (
    FEW_FAILURES,
    LONGEST_REST_S,
    REST_S,
    ModbusRounds,
    complaints_of,
)
from edge_agent.sensing.readings import Reading
from edge_agent.settings_scales import ModbusSettings

POLL_S = 0.1
TIMEOUT_S = 0.2


def settings(*units: int) -> ModbusSettings:
    weights = [{"channel": n, "unit": unit, "address": 0} for n, unit in enumerate(units)]
    return ModbusSettings.model_validate({"timeout_s": TIMEOUT_S, "weight": weights})


def answer(unit: int, grams: int) -> bytes:
    frame = bytes([unit, 3, 4]) + grams.to_bytes(4, "big", signed=True)
    return frame + crc16(frame)


def exception(unit: int, code: int) -> bytes:
    frame = bytes([unit, 0x83, code])
    return frame + crc16(frame)


class Line:
    """A line in a time of its own; `replies` is what each unit answers, and `delays_s` when."""

    def __init__(self, *units: int, baudrate: int = 9600) -> None:
        self.rounds = ModbusRounds(settings(*units), POLL_S, baudrate)
        self.replies: dict[int, bytes | None] = {unit: answer(unit, 100 * unit) for unit in units}
        self.delays_s: dict[int, float] = {}
        self.asked: list[tuple[float, int]] = []
        self.rows: list[tuple[float, Mapping[int, Reading]]] = []
        self.now = 50.0
        self._coming: list[tuple[float, bytes]] = []

    def run(self, seconds: float) -> None:
        ends = self.now + seconds
        while self.now < ends:
            wire = b"".join(reply for at, reply in self._coming if at <= self.now)
            self._coming = [(at, reply) for at, reply in self._coming if at > self.now]
            row, question = self.rounds.step(wire, self.now)
            if row is not None:
                self.rows.append((self.now, row))
            if question:
                self.asked.append((self.now, question[0]))
                reply = self.replies[question[0]]
                if reply is not None:
                    due = self.now + self.delays_s.get(question[0], 0.01)
                    self._coming.append((due, reply))
            self.now += 0.002

    def grams(self) -> list[dict[int, float]]:
        return [{c: reading.grams for c, reading in row.items()} for _, row in self.rows]

    def asked_of(self, unit: int) -> list[float]:
        return [at for at, asked in self.asked if asked == unit]


def test_a_round_asks_every_unit_once_and_becomes_one_row() -> None:
    line = Line(1, 2, 3)
    line.run(1.0)
    assert [unit for _, unit in line.asked[:6]] == [1, 2, 3, 1, 2, 3]
    assert line.grams()[0] == {0: 100.0, 1: 200.0, 2: 300.0}
    starts = line.asked_of(1)
    assert [b - a for a, b in itertools.pairwise(starts)] == pytest.approx(
        [POLL_S] * (len(starts) - 1), abs=0.003
    )


def test_the_line_is_silent_for_three_and_a_half_characters_between_frames() -> None:
    line = Line(1, 2, baudrate=2400)
    line.run(1.0)
    answered_at = line.asked_of(1)[0] + 0.01
    assert line.asked_of(2)[0] - answered_at >= 3.5 * 11 / 2400 - 0.002


def test_a_unit_that_is_off_is_missing_in_the_row_and_soon_asked_seldom() -> None:
    line = Line(1, 2, 3)
    line.replies[2] = None
    line.run(60.0)
    assert line.grams()[-1] == {0: 100.0, 2: 300.0}
    apart = [b - a for a, b in itertools.pairwise(line.asked_of(2))]
    assert apart[FEW_FAILURES - 1] >= REST_S
    assert apart[FEW_FAILURES] >= 2 * REST_S
    assert max(apart) == pytest.approx(LONGEST_REST_S, rel=0.05)
    # At most one row in ten is lost to asking for it.
    assert len(line.rows) > 0.9 * 60.0 / POLL_S
    assert "unit 2" in complaints_of(line.rounds.items)[0]


def test_a_unit_that_comes_back_is_in_the_rows_again() -> None:
    line = Line(1, 2)
    line.replies[2] = None
    line.run(4.0)
    line.replies[2] = answer(2, -7)
    line.run(LONGEST_REST_S)
    assert line.grams()[-1] == {0: 100.0, 1: -7.0}
    assert complaints_of(line.rounds.items) == []


def test_a_late_answer_is_not_taken_for_the_next_question() -> None:
    line = Line(1)
    rounds = ModbusRounds(
        ModbusSettings.model_validate(
            {
                "timeout_s": TIMEOUT_S,
                "weight": [
                    {"channel": 0, "unit": 1, "address": 0},
                    {"channel": 1, "unit": 1, "address": 10},
                ],
            }
        ),
        POLL_S,
        9600,
    )
    line.rounds = rounds
    line.delays_s[1] = TIMEOUT_S * 1.5
    line.run(5.0)
    assert line.rows == []


def test_a_line_without_any_answer_gives_no_rows() -> None:
    line = Line(1, 2)
    line.replies = {1: None, 2: None}
    line.run(5.0)
    assert line.rows == []
    assert not line.rounds.does_not_fit()


@pytest.mark.parametrize(("code", "says"), [(1, "function"), (2, "40001"), (3, "at once")])
def test_a_map_that_fits_nobody_is_told(code: int, says: str) -> None:
    line = Line(1, 2)
    line.replies = {1: exception(1, code), 2: exception(2, code)}
    line.run(0.3)
    assert line.rounds.does_not_fit()
    assert says in complaints_of(line.rounds.items)[0]


def test_one_wrong_register_among_good_ones_costs_only_its_own_channel() -> None:
    line = Line(1, 2)
    line.replies[2] = exception(2, 2)
    line.run(2.0)
    assert not line.rounds.does_not_fit()
    assert line.grams()[-1] == {0: 100.0}


def test_exceptions_that_pass_are_not_taken_for_a_wrong_map() -> None:
    for code in (4, 5, 6, 10, 11, 200):
        line = Line(1)
        line.replies[1] = exception(1, code)
        line.run(1.0)
        assert not line.rounds.does_not_fit()
        assert f"exception {code}" in complaints_of(line.rounds.items)[0]


def test_questions_are_named_as_in_a_manual() -> None:
    line = Line(7)
    line.replies[7] = None
    line.run(3.0)
    (complaint,) = complaints_of(line.rounds.items)
    assert complaint.startswith("unit 7, registers 0 to 1 (function 3): no answer. Check")
    assert line.rounds.items[0].request == ReadRequest(7, 3, 0, 2)


@given(st.lists(st.tuples(st.binary(max_size=20), st.floats(0, 0.3)), max_size=40))
def test_whatever_comes_it_asks_on(steps: list[tuple[bytes, float]]) -> None:
    rounds, now, asked = ModbusRounds(settings(1, 2), POLL_S, 9600), 0.0, 0
    for wire, wait_s in steps:
        now += wait_s
        rounds.step(wire, now)
        assert rounds.due_in(now) >= 0
    for _ in range(200):
        now += 0.05
        asked += bool(rounds.step(b"", now)[1])
    assert asked >= 2
