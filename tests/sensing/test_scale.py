"""The scale reader on real pseudo-terminals and sockets: found, lost, and found again."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ScaleError
from edge_agent.sensing.drivers import open_scale
from edge_agent.sensing.scale import ScaleBlock, ScaleFound, ScaleLost, ScalePace, ScaleReader
from edge_agent.sensing.stream_parser import checksum
from edge_agent.sensing.stream_source import StreamSource
from edge_agent.settings import ScaleSettings
from tests.sensing import scale_peers as peers
from tests.sensing.scale_peers import IMPATIENT, PATIENT, WAIT_S, Listener, scale


def line(seq: int, *counts: int | str) -> bytes:
    body = f"W,{seq % 65536},{5000 + seq * 12}," + ",".join(map(str, counts))
    return b"$" + body.encode() + b"*" + checksum(body.encode()) + b"\r\n"


class Board:
    """A pseudo-terminal behind a lasting name, as a USB board behind /dev/serial/by-id."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.master = self.slave = -1

    def plug_in(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        fresh = self.name.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self.slave))
        fresh.replace(self.name)

    def unplug(self) -> None:
        self.name.unlink(missing_ok=True)
        if self.master >= 0:
            os.close(self.master)
            os.close(self.slave)
            self.master = -1


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path / "scale")
    yield board
    board.unplug()


class Talker:
    """Sends a numbered line every 10 ms until it is stopped or nobody listens."""

    def __init__(self, send: Callable[[bytes], object], *, counts: tuple[int, ...] = (7, -8)):
        self._send, self._counts = send, counts
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _talk(self) -> None:
        seq = 0
        with contextlib.suppress(OSError):
            while not self._ending.wait(0.01):
                self._send(line(seq, *self._counts))
                seq += 1

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(WAIT_S)


def reading(
    port: str, channels: int = 2, pace: ScalePace = PATIENT
) -> contextlib.AbstractContextManager[Listener]:
    return peers.reading(scale("stream", port), channels, pace)


def test_a_board_on_a_serial_line_gives_blocks_with_missing_values(board: Board) -> None:
    board.plug_in()
    talker = Talker(lambda data: os.write(board.master, data))
    with reading(str(board.name), channels=3) as listener:
        block = listener.until(ScaleBlock)
        later = listener.until(ScaleBlock)
    talker.stop()
    assert block.scale_id == "main"
    assert block.times.dtype == block.counts.dtype == np.float64
    assert block.counts.shape == (len(block.times), 3)
    assert block.counts[0, :2].tolist() == [7.0, -8.0]
    assert np.isnan(block.counts[:, 2]).all()
    assert (np.diff(np.concatenate([block.times, later.times])) > 0).all()
    assert abs(block.times[-1] - time.time()) < 60
    assert listener.told() == []


def test_a_failed_channel_is_missing_and_further_ones_are_cut(board: Board) -> None:
    board.plug_in()
    settings = ScaleSettings(id="main", driver="stream", port=str(board.name))
    with contextlib.closing(StreamSource(settings, 2, time.time)) as source:
        os.write(board.master, line(1, 5, "", 9) + b"$I,fw 1,3,80*7A\r\n")
        times, counts = source.read()
        while not len(times):
            times, counts = source.read()
        while source.identity is None:
            os.write(board.master, b"$I,fw 1,3,80*" + checksum(b"I,fw 1,3,80") + b"\r\n")
            source.read()
        assert source.identity.channels == 3
    assert counts[0, 0] == 5.0
    assert np.isnan(counts[0, 1])
    assert counts.shape == (1, 2)


def test_counts_at_the_converters_rails_are_given_and_said_to_be_saturated(board: Board) -> None:
    board.plug_in()
    talker = Talker(lambda data: os.write(board.master, data), counts=(2**23 - 1, 5, -(2**23)))
    with reading(str(board.name), channels=3) as listener:
        block = listener.until(ScaleBlock)
    talker.stop()
    assert block.saturated == {0, 2}
    assert block.counts[0].tolist() == [2**23 - 1, 5, -(2**23)]


def test_the_board_is_asked_who_it_is(board: Board) -> None:
    board.plug_in()
    with reading(str(board.name)):
        assert os.read(board.master, 2) == b"?\n"


def test_a_scale_absent_at_start_is_told_once_and_found_later(board: Board) -> None:
    with reading(str(board.name)) as listener:
        lost = listener.until(ScaleLost)
        board.plug_in()
        talker = Talker(lambda data: os.write(board.master, data))
        found = listener.until(ScaleFound)
        listener.until(ScaleBlock)
    talker.stop()
    assert f"No scale at {board.name}. Found " in lost.reason
    assert "Run `edge-agent doctor`" in lost.reason
    assert found.after_s > 0
    assert listener.told() == [lost, found]


def test_a_scale_unplugged_and_plugged_in_again_works_without_a_restart(board: Board) -> None:
    board.plug_in()
    talker = Talker(lambda data: os.write(board.master, data))
    with reading(str(board.name)) as listener:
        for _ in range(3):
            listener.until(ScaleBlock)
            talker.stop()
            board.unplug()
            lost = listener.until(ScaleLost)
            assert "was lost" in lost.reason
            board.plug_in()
            talker = Talker(lambda data: os.write(board.master, data))
            listener.until(ScaleFound)
    talker.stop()
    assert [type(e) for e in listener.told()] == [ScaleLost, ScaleFound] * 3


def test_a_scale_that_falls_silent_is_lost(board: Board) -> None:
    board.plug_in()
    talker = Talker(lambda data: os.write(board.master, data))
    with reading(str(board.name), pace=IMPATIENT) as listener:
        listener.until(ScaleBlock)
        talker.stop()
        lost = listener.until(ScaleLost)
        talker = Talker(lambda data: os.write(board.master, data))
        listener.until(ScaleFound)
    talker.stop()
    assert "stopped sending valid lines" in lost.reason


def test_a_port_that_never_says_anything_is_told_so(board: Board) -> None:
    board.plug_in()
    with reading(str(board.name), pace=IMPATIENT) as listener:
        lost = listener.until(ScaleLost)
    assert "is open but sends nothing" in lost.reason


def test_noise_as_from_a_wrong_baudrate_is_told_with_counts(board: Board) -> None:
    board.plug_in()
    talker = Talker(lambda _: os.write(board.master, b"\x80\xf8\x00\n"))
    with reading(str(board.name), pace=IMPATIENT) as listener:
        lost = listener.until(ScaleLost)
    talker.stop()
    assert "0 good lines" in lost.reason
    assert "Check baudrate (now 115200)" in lost.reason


def test_a_second_reader_is_told_that_the_port_is_in_use(board: Board) -> None:
    board.plug_in()
    settings = ScaleSettings(id="main", driver="stream", port=str(board.name))
    with (
        contextlib.closing(StreamSource(settings, 2, time.time)),
        pytest.raises(ScaleError, match="Another program is using the scale"),
    ):
        StreamSource(settings, 2, time.time)


def test_a_scale_behind_a_socket_is_read_lost_and_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with reading(f"socket://127.0.0.1:{port}") as listener:
            peer, _ = server.accept()
            talker = Talker(peer.sendall)
            listener.until(ScaleBlock)
            talker.stop()
            peer.close()
            lost = listener.until(ScaleLost)
            peer, _ = server.accept()
            talker = Talker(peer.sendall)
            listener.until(ScaleFound)
            listener.until(ScaleBlock)
        talker.stop()
        peer.close()
    assert f"socket://127.0.0.1:{port} was lost" in lost.reason
    assert [type(e) for e in listener.told()] == [ScaleLost, ScaleFound]


@pytest.mark.parametrize("port", ["nonsense://x", "/dev/null", "socket://127.0.0.1:1"])
def test_an_impossible_port_is_a_scale_error(port: str) -> None:
    settings = ScaleSettings(id="main", driver="stream", port=port)
    with pytest.raises(ScaleError, match=r"cannot be opened.*edge-agent doctor"):
        open_scale(settings, 1, time.time)


def test_a_simulated_scale_needs_no_port() -> None:
    listener = Listener()
    settings = ScaleSettings(id="main", driver="simulated")
    reader = ScaleReader(settings, 12, time.time, listener.events.put, pace=PATIENT)
    reader.start()
    blocks = [listener.until(ScaleBlock) for _ in range(3)]
    reader.stop()
    assert all(block.counts.shape[1] == 12 for block in blocks)
    times = np.concatenate([block.times for block in blocks])
    assert (np.diff(times) > 0).all()
    assert not np.isnan(blocks[0].counts).all()


def test_a_simulated_scale_with_a_device_as_port_is_refused() -> None:
    settings = ScaleSettings(id="main", driver="simulated", port="/dev/ttyUSB0")
    with pytest.raises(ScaleError, match="seed of the simulation"):
        open_scale(settings, 12, time.time)


def test_a_reader_stops_while_it_waits_for_an_absent_scale(tmp_path: Path) -> None:
    listener = Listener()
    settings = ScaleSettings(id="main", driver="stream", port=str(tmp_path / "absent"))
    reader = ScaleReader(settings, 1, time.time, listener.events.put)
    reader.start()
    listener.until(ScaleLost)
    reader.stop()
    assert not reader.is_alive()
