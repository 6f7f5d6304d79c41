"""Indicators on a real pseudo-terminal: weights, words about what is wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import numpy as np
import pytest

from edge_agent.errors import ScaleError
from edge_agent.sensing.drivers import ScaleSource, open_scale
from edge_agent.sensing.scale import ScaleBlock, ScaleFound, ScaleLost
from tests.sensing.scale_peers import (
    IMPATIENT,
    PATIENT,
    Cable,
    Ticker,
    cable,
    gather,
    reading,
    scale,
)


@pytest.fixture
def line() -> Iterator[Cable]:
    with cable() as laid:
        yield laid


@contextlib.contextmanager
def opened(port: str, channels: int = 1, **keys: object) -> Iterator[ScaleSource]:
    with contextlib.closing(
        open_scale(scale("continuous", port, **keys), channels, time.time)
    ) as source:
        yield source


def test_an_indicator_at_ten_lines_a_second_gives_grams_as_they_come(line: Cable) -> None:
    sent: list[tuple[float, float]] = []

    def send(n: int) -> None:
        sent.append((time.time(), 1000.0 + n))
        line.send(f"US,{1 + n / 1000:+09.3f} kg\r\n".encode())

    with (
        reading(scale("continuous", line.port, baudrate=9600), 2) as listener,
        Ticker(send, 0.1, 25),
    ):
        blocks: list[ScaleBlock] = []
        while sum(len(b.times) for b in blocks) < 20:
            blocks.append(listener.until(ScaleBlock))
    times = np.concatenate([b.times for b in blocks])
    counts = np.concatenate([b.counts for b in blocks])
    first = next(n for n, (_, grams) in enumerate(sent) if grams == round(counts[0, 0], 3))
    known = sent[first : first + len(times)]
    assert counts[:, 0] == pytest.approx([grams for _, grams in known])
    assert np.isnan(counts[:, 1]).all()
    assert (np.diff(times) > 0).all()
    assert abs(np.median(times - [at for at, _ in known])) < 60


def test_a_load_beyond_range_is_missing_and_said_to_be_so(line: Cable) -> None:
    sent = [b"ST,+00123.45  g\r\n"]
    with (
        reading(scale("continuous", line.port), 1) as listener,
        Ticker(lambda _: line.send(sent[-1]), 0.02, 1000),
    ):
        block = listener.until(ScaleBlock)
        assert (block.counts == 123.45).all()
        assert block.saturated == frozenset()
        sent.append(b"OL,+999999.9  g\r\n")
        block = listener.until(ScaleBlock, lambda b: bool(np.isnan(b.counts).any()))
        assert block.saturated == {0}
        sent.append(b"ST,+00123.45  g\r\n")
        block = listener.until(ScaleBlock, lambda b: not np.isnan(b.counts).any())
        assert block.saturated == frozenset()


def test_it_tells_which_lines_it_sends_and_how_many_were_good(line: Cable) -> None:
    with opened(line.port, 3) as source:
        assert source.describe() is None
        line.send(b"gar\xffbage\r\nST,GS,1\xc4,000013.5 kg\r\nOL,GS,1\xc4,        kg\r\n")
        times, counts = gather(source, 2)
        assert counts.shape == (2, 3)
        assert len(times) == 2
        assert source.describe() == "CAS 22 bytes lines in kg"
        health = source.health()
    assert (health.understood, health.dropped, health.overloads) == (2, 1, (1, 0, 0))
    assert health.complaints == ()


def test_an_indicator_that_counts_pieces_is_refused_with_what_to_do(line: Cable) -> None:
    sent = [b"QT,+00000012 PC\r\n"]
    with (
        reading(scale("continuous", line.port)) as listener,
        Ticker(lambda _: line.send(sent[-1]), 0.05, 1000),
    ):
        lost = listener.until(ScaleLost)
        sent.append(b"ST,+00123.45  g\r\n")
        listener.until(ScaleFound)
    assert f"The indicator at {line.port} shows pieces (PC), not a mass" in lost.reason
    assert "Switch it to g or kg" in lost.reason


def test_an_indicator_that_sends_nothing_is_told_so(line: Cable) -> None:
    with reading(scale("continuous", line.port), pace=IMPATIENT) as listener:
        lost = listener.until(ScaleLost)
    assert "is open but sends nothing" in lost.reason
    assert "stream mode" in lost.reason


@pytest.mark.parametrize(
    ("noise", "says"),
    [
        (b"\x80\xf8\x00\xfe\r\n", "Check `baudrate` and `framing` (now 9600 and 8N1"),
        (b"S\xd4\xac+00\xb1\xb23.\xb45\xa0\xa0\xe7\x8d\n", 'Set framing = "7E1"'),
        (b"ERR 02\r\n", "It reports error 02."),
    ],
)
def test_what_is_wrong_on_the_line_is_told(line: Cable, noise: bytes, says: str) -> None:
    with (
        reading(scale("continuous", line.port, baudrate=9600), pace=IMPATIENT) as listener,
        Ticker(lambda _: line.send(noise), 0.05, 100),
    ):
        lost = listener.until(ScaleLost)
    assert says in lost.reason
    assert "`edge-agent doctor`" in lost.reason


def test_an_error_of_the_indicator_is_a_complaint_until_it_weighs_again(line: Cable) -> None:
    with opened(line.port) as source:
        line.send(b"ST,+00123.45  g\r\nERR 02\r\n")
        gather(source, 1)
        while not source.health().complaints:
            source.read()
        assert "error 02" in source.health().complaints[0]
        line.send(b"ST,+00123.45  g\r\n")
        gather(source, 1)
        assert source.health().complaints == ()


def test_a_cable_that_is_pulled_is_told(line: Cable) -> None:
    with (
        reading(scale("continuous", line.port), pace=PATIENT) as listener,
        Ticker(lambda _: line.send(b"ST,+00123.45  g\r\n"), 0.02, 1000) as ticker,
    ):
        listener.until(ScaleBlock)
        ticker.stop()
        line.pull()
        lost = listener.until(ScaleLost)
    assert f"The scale at {line.port} was lost" in lost.reason
    assert "Check its cable and power" in lost.reason


def test_a_port_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ScaleError, match=r"No scale at /dev/ttyNONE9\. Found "):
        open_scale(scale("continuous", "/dev/ttyNONE9"), 1, time.time)
