"""Several scales at once, each with its own driver, port and pace."""

from __future__ import annotations

import contextlib
import time

import numpy as np

from edge_agent.sensing.scale import ScaleBlock
from edge_agent.simulation.board import PtyBoard
from tests.sensing.scale_peers import (
    Listener,
    Ticker,
    Transmitter,
    cable,
    emulator_on,
    modbus_on,
    reading,
    scale,
)

LASTING_S = 1.5


def rows(listener: Listener) -> tuple[np.ndarray, np.ndarray]:
    """Everything that came in `LASTING_S` of the scale's own time."""
    blocks = [listener.until(ScaleBlock)]
    while blocks[-1].times[-1] - blocks[0].times[0] < LASTING_S:
        blocks.append(listener.until(ScaleBlock))
    return (
        np.concatenate([b.times for b in blocks]),
        np.concatenate([b.counts for b in blocks]),
    )


def test_scales_of_every_kind_work_side_by_side_at_their_own_rates() -> None:
    transmitter = Transmitter(1, {})
    transmitter.hold(0, ">i", 777)
    with contextlib.ExitStack() as stack:
        indicator, bench, line = (stack.enter_context(cable()) for _ in range(3))
        board = stack.enter_context(PtyBoard(2, 80.0))
        emulator = stack.enter_context(emulator_on(bench, "ohaus-scout"))
        emulator.scale.snap_to(346.0)
        stack.enter_context(modbus_on(line, transmitter))
        weight = {"channel": 0, "address": 0}
        modbus = {"timeout_s": 1.0, "weight": [weight]}
        listeners = [
            stack.enter_context(reading(settings, channels))
            for settings, channels in (
                (scale("stream", board.port), 2),
                (scale("continuous", indicator.port, baudrate=9600), 1),
                (scale("mt-sics", bench.port, baudrate=9600), 1),
                (scale("modbus", line.port, poll_s=0.04, modbus=modbus), 1),
            )
        ]
        counts = np.array([[5, 6]])
        started = time.time()
        stack.enter_context(
            Ticker(lambda n: board.send(np.array([started + n / 80]), counts), 1 / 80, 5000)
        )
        stack.enter_context(Ticker(lambda _: indicator.send(b"ST,+00012.50  g\r\n"), 0.05, 2000))
        gathered = [rows(listener) for listener in listeners]
    for (times, grams), expected in zip(gathered, ([5, 6], [12.5], [346], [777]), strict=True):
        assert (np.diff(times) > 0).all()
        assert (grams == expected).all()
    # Each at its own pace: the board fastest, the polled bench scale slowest.
    numbers = [len(times) for times, _ in gathered]
    assert numbers[0] > numbers[3] > numbers[2]
    assert numbers[0] > numbers[1] > numbers[2]
    assert all(number >= 5 for number in numbers)
