"""The board speaks `stream` on a real pseudo-terminal and waits for nobody."""

from __future__ import annotations

import os
import re
import select
from functools import reduce
from operator import xor

import numpy as np
import pytest
import serial

from edge_agent.simulation.board import PtyBoard, frame
from edge_agent.simulation.live import MISSING_COUNTS

LINE = re.compile(rb"\$([^*]*)\*([0-9A-F]{2})")


def content(line: bytes) -> list[str]:
    """The fields of a sentence whose checksum is right."""
    found = LINE.fullmatch(line.strip())
    assert found is not None, line
    assert reduce(xor, found[1]) == int(found[2], 16)
    return found[1].decode().split(",")


def test_a_frame_is_a_checked_sentence_with_an_empty_field_for_a_failed_channel() -> None:
    line = frame(3, 250, [84213, None, -5])
    assert line.endswith(b"\r\n")
    assert content(line) == ["W", "3", "250", "84213", "", "-5"]


def test_sequence_and_uptime_wrap() -> None:
    assert content(frame(65536 + 2, 2**32 + 7, [0])) == ["W", "2", "7", "0"]


def test_frames_sent_arrive_at_the_port() -> None:
    counts = np.array([[1, 2, 3], [4, MISSING_COUNTS, 6]], dtype=np.int64)
    with (
        PtyBoard(3, 80.0) as board,
        serial.Serial(board.port, 115200, timeout=2.0) as port,
    ):
        board.send(np.array([1000.0, 1000.25]), counts)
        assert content(port.readline()) == ["W", "0", "0", "1", "2", "3"]
        assert content(port.readline()) == ["W", "1", "250", "4", "", "6"]


def test_a_question_is_answered_with_the_board_s_name() -> None:
    with (
        PtyBoard(12, 80.0) as board,
        serial.Serial(board.port, 115200, timeout=2.0) as port,
    ):
        port.write(b"?\n")
        assert content(port.readline()) == ["I", "edge-agent-simulation", "12", "80"]


def test_without_a_reader_frames_are_dropped_whole_and_counted() -> None:
    counts = np.full((3000, 12), 1_234_567, dtype=np.int64)
    with PtyBoard(12, 80.0) as board:
        board.send(np.arange(3000) / 80.0, counts)
        assert 0 < board.dropped < 3000
        descriptor = os.open(board.port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            text = b""
            while select.select([descriptor], [], [], 0.1)[0]:
                text += os.read(descriptor, 65536)
            board.send(np.array([50.0]), counts[:1])
            while select.select([descriptor], [], [], 0.1)[0]:
                text += os.read(descriptor, 65536)
        finally:
            os.close(descriptor)
    lines = text.split(b"\r\n")[:-1]
    assert [content(line)[0] for line in lines] == ["W"] * len(lines)
    # The line that the full terminal cut in two was finished when there was room again.
    assert content(lines[-1])[1] == "3000"


def test_a_reader_of_a_closed_board_is_told() -> None:
    board = PtyBoard(2, 10.0)
    descriptor = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    board.close()
    board.close()
    try:
        with pytest.raises(OSError, match="Input/output error"):
            if os.read(descriptor, 10) == b"":
                raise OSError(5, "Input/output error")
    finally:
        os.close(descriptor)
