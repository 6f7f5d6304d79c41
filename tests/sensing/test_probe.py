"""The ports that are offered to a technician, and what answers there."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ScaleError
from edge_agent.sensing.probe import (
    Identification,
    find_scales,
    identify,
    ports_sentence,
    recognise,
)
from edge_agent.simulation.board import PtyBoard
from tests.sensing.scale_peers import (
    Ticker,
    Transmitter,
    cable,
    emulator_on_tcp,
    modbus_on_tcp,
    scale,
)


def test_every_port_that_is_listed_exists() -> None:
    found = find_scales()
    assert all(Path(scale.device).exists() for scale in found)
    assert len({scale.port for scale in found}) == len(found)


def test_the_sentence_names_every_port_or_says_that_there_is_none() -> None:
    sentence = ports_sentence()
    ports = [scale.port for scale in find_scales()]
    assert all(port in sentence for port in ports)
    assert ports or sentence == "Found no serial port at all."


def talking(board: PtyBoard) -> Ticker:
    started = time.time()
    counts = np.array([[5, 6]])
    return Ticker(lambda n: board.send(np.array([started + n / 80]), counts), 1 / 80, 5000)


def test_a_board_tells_its_firmware_and_its_channels() -> None:
    with PtyBoard(2, 80.0) as board, talking(board):
        found = identify(scale("stream", board.port), 4, listen_s=0.3)
    assert found.told == "edge-agent-simulation, 2 channels at 80 samples/s"
    assert found.present == (0, 1)
    assert found.samples > 2
    assert found.rate_hz > 0
    assert found.health.dropped <= 1


def test_a_bench_scale_tells_its_kind_and_number() -> None:
    with emulator_on_tcp("ohaus-scout") as (_, port):
        found = identify(scale("mt-sics", port), listen_s=0.3)
    assert found.told == "S123456789, serial number S123456789"
    assert found.present == (0,)


def test_transmitters_tell_which_of_them_answer() -> None:
    transmitter = Transmitter(3, {})
    transmitter.hold(0, ">i", 5)
    weight = {"channel": 0, "unit": 3, "address": 0}
    with modbus_on_tcp(transmitter) as port:
        modbus = {"transport": "tcp", "weight": [weight]}
        found = identify(scale("modbus", port, modbus=modbus), listen_s=0.2)
    assert found.told == "answers from unit 3"


def test_a_scale_that_gives_nothing_is_an_error_with_what_to_do() -> None:
    with (
        cable() as line,
        pytest.raises(ScaleError, match=r"sends nothing\. Check its power and cable"),
    ):
        identify(scale("continuous", line.port), first_sample_s=0.2)


def test_a_scale_is_recognised_by_what_it_sends() -> None:
    with PtyBoard(2, 80.0) as board, talking(board):
        found = recognise(board.port)
    assert isinstance(found, Identification)
    assert found.settings.driver == "stream"
    assert found.settings.port == board.port


def test_an_indicator_and_a_bench_scale_are_recognised_too() -> None:
    with cable() as line, Ticker(lambda _: line.send(b"ST,+00123.45  g\r\n"), 0.1, 500):
        found = recognise(line.port, patience=0.2)
    assert found is not None
    assert (found.settings.driver, found.settings.baudrate) == ("continuous", 9600)
    with emulator_on_tcp("ohaus-scout") as (_, port):
        found = recognise(port, patience=0.3)
    assert found is not None
    assert (found.settings.driver, found.settings.baudrate) == ("mt-sics", 9600)


def test_a_port_with_nothing_behind_it_is_none() -> None:
    with cable() as line:
        assert recognise(line.port, patience=0.2) is None


def test_a_port_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScaleError, match="No scale at"):
        recognise(str(tmp_path / "absent"))
