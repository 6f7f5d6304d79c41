"""When an MT-SICS scale is asked what."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensing.mtsics_dialogue import (
    ANSWER_S,
    LONGEST_PAUSE_S,
    MANY_REFUSALS,
    MtSicsDialogue,
)

POLL_S = 0.1


class Talk:
    """A dialogue in a time of its own, with a scale that answers `SI` with `answer`."""

    def __init__(self, answer: bytes | None, delay_s: float = 0.0) -> None:
        self.dialogue = MtSicsDialogue(POLL_S)
        self.answer, self.delay_s = answer, delay_s
        self.now = 100.0
        self.asked: list[tuple[float, bytes]] = []
        self.weights: list[float] = []
        self._answer_at: float | None = None

    def run(self, seconds: float, about: bytes | None = b"ES\r\n") -> None:
        ends = self.now + seconds
        while self.now < ends:
            wire = b""
            if self._answer_at is not None and self.now >= self._answer_at:
                wire, self._answer_at = self._reply(about), None
            readings, question = self.dialogue.step(wire, self.now)
            self.weights += [reading.grams for reading in readings]
            if question:
                self.asked.append((self.now, question))
                self._answer_at = self.now + self.delay_s
            self.now += 0.01

    def _reply(self, about: bytes | None) -> bytes:
        wire = self.answer if self.asked[-1][1] == b"SI\r\n" else about
        return wire or b""

    def pauses(self) -> list[float]:
        times = [at for at, question in self.asked if question == b"SI\r\n"]
        return [b - a for a, b in itertools.pairwise(times)]


def test_it_asks_who_is_there_and_then_for_weights() -> None:
    talk = Talk(b"S S 1.00 g\r\n")
    talk.run(1.0, about=b'I2 A "MS3002S"\r\n')
    assert [question for _, question in talk.asked[:4]] == [
        b"I2\r\n",
        b"I4\r\n",
        b"SI\r\n",
        b"SI\r\n",
    ]
    assert talk.dialogue.about == {"I2": "MS3002S"}


def test_no_question_comes_sooner_than_the_settings_allow() -> None:
    talk = Talk(b"S S 1.00 g\r\n")
    talk.run(3.0)
    assert len(talk.weights) >= 20
    assert min(talk.pauses()) >= POLL_S - 1e-9


def test_a_slow_scale_is_asked_at_its_own_pace() -> None:
    talk = Talk(b"S S 1.00 g\r\n", delay_s=0.4)
    talk.run(6.0)
    assert min(talk.pauses()) >= 0.4
    assert talk.dialogue.unanswered == 0


def test_a_scale_that_does_not_answer_is_asked_again() -> None:
    talk = Talk(None)
    talk.run(5 * ANSWER_S, about=None)
    assert len(talk.asked) == 5
    assert talk.dialogue.unanswered == 4


def test_a_busy_scale_is_asked_less_and_less_often_until_it_weighs() -> None:
    talk = Talk(b"S I\r\n")
    talk.run(6.0)
    assert talk.dialogue.busy
    assert talk.pauses()[-1] == pytest.approx(LONGEST_PAUSE_S, abs=0.02)
    talk.answer = b"S S 1.00 g\r\n"
    talk.run(2.0)
    assert not talk.dialogue.busy
    assert talk.pauses()[-1] == pytest.approx(POLL_S, abs=0.02)


@pytest.mark.parametrize("code", ["ES", "ET", "EL"])
def test_a_scale_that_refuses_again_and_again_is_said_to(code: str) -> None:
    talk = Talk(code.encode() + b"\r\n")
    talk.run(0.1 * (MANY_REFUSALS + 1))
    assert talk.dialogue.refused is None
    talk.run(0.5)
    assert talk.dialogue.refused == code


def test_a_refused_inquiry_or_a_single_error_is_no_refusal() -> None:
    talk = Talk(b"S S 1.00 g\r\n")
    talk.run(0.5)
    talk.answer = b"ES\r\n"
    talk.run(0.3)
    talk.answer = b"S S 1.00 g\r\n"
    talk.run(2.0)
    assert talk.dialogue.refused is None


def test_loads_beyond_range_are_counted() -> None:
    talk = Talk(b"S +\r\n")
    talk.run(1.0)
    assert talk.dialogue.beyond == len(talk.weights) > 5


@given(st.lists(st.tuples(st.binary(max_size=20), st.floats(0, 2)), max_size=40))
def test_whatever_comes_it_asks_on_and_never_too_soon(steps: list[tuple[bytes, float]]) -> None:
    dialogue, now, asked = MtSicsDialogue(POLL_S), 0.0, list[float]()
    for wire, wait_s in [*steps, (b"", 2 * ANSWER_S), (b"", 2 * ANSWER_S)]:
        now += wait_s
        _, question = dialogue.step(wire, now)
        assert dialogue.due_in(now) >= 0
        if question:
            assert not asked or now - asked[-1] >= POLL_S
            asked.append(now)
    assert asked[-1] >= now - 2 * ANSWER_S
