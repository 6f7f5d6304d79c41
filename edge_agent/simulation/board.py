"""A microcontroller board on a pseudo-terminal, speaking `stream` (contract, section 5)."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.live import MISSING_COUNTS

FIRMWARE = "edge-agent-simulation"
SEQUENCE_WRAPS = 1 << 16
UPTIME_WRAPS_MS = 1 << 32
# A question longer than this is none.
LONGEST_QUESTION = 64


def sentence(content: str) -> bytes:
    """`$content*hh` and its line end, `hh` the XOR of the content's bytes, as in NMEA 0183."""
    body = content.encode("ascii")
    checksum = 0
    for byte in body:
        checksum ^= byte
    return b"$%s*%02X\r\n" % (body, checksum)


def frame(seq: int, ms: int, counts: Sequence[int | None]) -> bytes:
    """One reading of all channels; None where a channel failed to convert."""
    fields = ",".join("" if count is None else str(count) for count in counts)
    return sentence(f"W,{seq % SEQUENCE_WRAPS},{ms % UPTIME_WRAPS_MS},{fields}")


class PtyBoard:
    """A board with so many channels at `port`, a real terminal device; close it when done.

    Like a UART it waits for nobody: what the reader does not fetch in time is lost, by whole
    frames, and counted in `dropped`. A thread answers `?` with the board's name.
    """

    def __init__(self, channels: int, rate_hz: float) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self.dropped = 0
        self._identity = sentence(f"I,{FIRMWARE},{channels},{rate_hz:g}")
        self._channels = channels
        self._seq = 0
        self._started_at: float | None = None
        self._rest = b""
        self._writing = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        self._listener = threading.Thread(target=self._listen, name="board", daemon=True)
        self._listener.start()

    def send(
        self, times: NDArray[np.float64], counts: NDArray[np.int64], patience_s: float = 0.0
    ) -> None:
        """Send the samples: times (n,) in seconds, counts (n, channels).

        The board's uptime counts from the first sample ever sent. `patience_s` is how long the
        whole call may wait for a slow reader before it drops; a replay faster than real time
        needs some.
        """
        gives_up_at = time.monotonic() + patience_s
        for at, row in zip(times.tolist(), counts.tolist(), strict=True):
            if self._started_at is None:
                self._started_at = at
            ms = round((at - self._started_at) * 1000.0)
            values = [None if count == MISSING_COUNTS else count for count in row]
            self._send_frame(frame(self._seq, ms, values), gives_up_at)
            self._seq += 1

    def _send_frame(self, line: bytes, gives_up_at: float) -> None:
        while not self._write(line):
            left_s = gives_up_at - time.monotonic()
            if left_s <= 0:
                self.dropped += 1
                return
            select.select([], [self._master], [], left_s)

    def _write(self, line: bytes) -> bool:
        """Write a whole line, or nothing of it; what the terminal cuts off is sent first next."""
        with self._writing:
            if self._rest:
                self._rest = self._rest[self._put(self._rest) :]
            if self._rest:
                return False
            done = self._put(line)
            if done:
                self._rest = line[done:]
            return done > 0

    def _put(self, text: bytes) -> int:
        try:
            return os.write(self._master, text)
        except BlockingIOError:
            return 0

    def _listen(self) -> None:
        question = b""
        while True:
            readable, _, _ = select.select([self._master, self._wake_read], [], [])
            if self._wake_read in readable:
                return
            question = (question + os.read(self._master, 256))[-LONGEST_QUESTION:]
            *asked, question = question.replace(b"\r", b"\n").split(b"\n")
            for line in asked:
                if line.strip() == b"?":
                    self._write(self._identity)

    def close(self) -> None:
        """Take the board off; its reader sees the line hang up."""
        if self._master < 0:
            return
        os.write(self._wake_write, b"x")
        self._listener.join()
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._master = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
