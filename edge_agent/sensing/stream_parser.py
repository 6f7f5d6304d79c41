"""The `stream` wire format (contract, section 5): bytes in, samples out, no I/O.

Framing is that of NMEA 0183: a sentence begins at `$`, ends with a line feed, and carries the XOR
of the bytes between `$` and `*`. A `$` always begins a new sentence, so a line that lost its end
costs no more than itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor

SEQ_MODULUS = 2**16
UPTIME_MODULUS = 2**32
COUNTS_MIN = -(2**23)
COUNTS_MAX = 2**23 - 1
MAX_CHANNELS = 1024

# `$W,65535,4294967295` and `*hh\r` around channels of at most `,-8388608`.
_FRAME_BYTES = 19 + 4
_CHANNEL_BYTES = 9

QUESTION = b"?\n"
"""What to send to the board to be told its `Identity`."""

_FRAME = re.compile(rb"\$([^*]*)\*([0-9A-F]{2})\r?", re.DOTALL)
_WEIGHTS = re.compile(rb"W,([0-9]{1,5}),([0-9]{1,10})((?:,(?:-?[0-9]{1,7})?)+)")
_IDENTITY = re.compile(rb"I,([\x20-\x2b\x2d-\x7e]+),([0-9]{1,4}),([0-9]{1,6}(?:\.[0-9]{1,6})?)")


@dataclass(frozen=True, slots=True)
class StreamSample:
    """One `$W` line: `counts[n]` is channel n, None where the converter failed."""

    seq: int
    uptime_ms: int
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The board's answer to `QUESTION`."""

    firmware: str
    channels: int
    samples_per_s: float


def checksum(body: bytes) -> bytes:
    """Return the two upper-case hexadecimal digits that NMEA 0183 puts after `*`."""
    return b"%02X" % reduce(xor, body, 0)


class StreamParser:
    """Cuts a byte stream into samples and counts what it had to drop.

    The result does not depend on where the bytes are cut. Memory is bounded by one sentence of
    `max_channels` channels, whatever arrives.

    Counters: `lines` good sentences, `bad_checksum`, `malformed` (garbage between sentences, cut
    or impossible ones), `overlong`, `lost` (samples missing by their sequence numbers).
    """

    def __init__(self, max_channels: int = MAX_CHANNELS) -> None:
        self._max_bytes = _FRAME_BYTES + _CHANNEL_BYTES * max_channels
        self._segment = bytearray()
        self._too_long = False
        self._last: StreamSample | None = None
        self.identity: Identity | None = None
        self.lines = 0
        self.bad_checksum = 0
        self.malformed = 0
        self.overlong = 0
        self.lost = 0

    @property
    def dropped(self) -> int:
        """Everything that arrived and could not be used."""
        return self.bad_checksum + self.malformed + self.overlong

    def feed(self, received: bytes) -> list[StreamSample]:
        """Take bytes as they come; return the samples they complete, oldest first."""
        samples: list[StreamSample] = []
        *lines, rest = received.split(b"\n")
        for line in lines:
            self._take(line)
            sample = self._end_of_line()
            if sample is not None:
                samples.append(sample)
        self._take(rest)
        return samples

    def _take(self, part: bytes) -> None:
        """Add bytes without a line feed; each `$` in them ends what stood before it."""
        before, *sentences = part.split(b"$")
        self._extend(before)
        for sentence in sentences:
            self._drop_segment()
            self._extend(b"$" + sentence)

    def _extend(self, part: bytes) -> None:
        if self._too_long:
            return
        if len(self._segment) + len(part) > self._max_bytes:
            self._too_long = True
            self._segment.clear()
            return
        self._segment += part

    def _drop_segment(self) -> None:
        if self._too_long:
            self.overlong += 1
        elif self._segment.strip():
            self.malformed += 1
        self._segment.clear()
        self._too_long = False

    def _end_of_line(self) -> StreamSample | None:
        frame = _FRAME.fullmatch(self._segment)
        if frame is None:
            self._drop_segment()
            return None
        body, given = bytes(frame[1]), bytes(frame[2])
        self._segment.clear()
        if checksum(body) != given:
            self.bad_checksum += 1
            return None
        sample = _parse_weights(body)
        if sample is not None:
            self.lines += 1
            self._count_lost(sample)
            return sample
        identity = _parse_identity(body)
        if identity is None:
            self.malformed += 1
        else:
            self.lines += 1
            self.identity = identity
        return None

    def _count_lost(self, sample: StreamSample) -> None:
        last, self._last = self._last, sample
        if last is None:
            return
        # A board that restarted begins both numbers anew: that is no gap.
        went_on = (sample.uptime_ms - last.uptime_ms) % UPTIME_MODULUS < UPTIME_MODULUS // 2
        step = (sample.seq - last.seq) % SEQ_MODULUS
        if went_on and 0 < step < SEQ_MODULUS // 2:
            self.lost += step - 1


def _parse_weights(body: bytes) -> StreamSample | None:
    match = _WEIGHTS.fullmatch(body)
    if match is None:
        return None
    seq, uptime_ms = int(match[1]), int(match[2])
    counts = tuple(int(field) if field else None for field in match[3][1:].split(b","))
    if seq >= SEQ_MODULUS or uptime_ms >= UPTIME_MODULUS or len(counts) > MAX_CHANNELS:
        return None
    if any(c is not None and not COUNTS_MIN <= c <= COUNTS_MAX for c in counts):
        return None
    return StreamSample(seq, uptime_ms, counts)


def _parse_identity(body: bytes) -> Identity | None:
    match = _IDENTITY.fullmatch(body)
    if match is None or not 1 <= int(match[2]) <= MAX_CHANNELS:
        return None
    return Identity(match[1].decode("ascii"), int(match[2]), float(match[3]))
