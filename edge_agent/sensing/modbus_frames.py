"""Modbus frames for reading registers, over a serial line and over TCP. No I/O.

Sources: MODBUS Application Protocol Specification V1.1b3 (functions 3 and 4; exceptions: section
7), MODBUS over Serial Line V1.02 (RTU framing; CRC: section 6.2.2), MODBUS Messaging on TCP/IP
V1.0b (MBAP header: section 3.1.3).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FUNCTIONS = {"holding": 3, "input": 4}
EXCEPTION = 0x80

_CRC_BYTES = 2
_MBAP = struct.Struct(">HHHB")
_LONGEST_RTU = 256
_LONGEST_TCP = 260


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Asks `unit` for `count` registers from `address` on (from 0), by `function` 3 or 4."""

    unit: int
    function: int
    address: int
    count: int

    @property
    def body(self) -> bytes:
        """The request without addressing and checksum (the PDU)."""
        return struct.pack(">BHH", self.function, self.address, self.count)


@dataclass(frozen=True, slots=True)
class Registers:
    """The answer: the values of the registers, each 0 to 65535."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer of a device that refuses, or of a gateway: an exception `code`."""

    code: int


Reply = Registers | Refused


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))


def crc16(data: bytes) -> bytes:
    """Return the CRC-16 of RTU frames, low byte first: polynomial 0xA001, from 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


class Framing(Protocol):
    """Makes questions and finds their answers in a stream of bytes."""

    def ask(self, request: ReadRequest) -> bytes:
        """Return the bytes to send; only an answer to this request will be found from now on."""
        ...

    def feed(self, data: bytes) -> Reply | None:
        """Take the next bytes; return the answer once it is complete."""
        ...


def _reply_in(body: bytes, request: ReadRequest) -> Reply | None:
    """Read an answer's PDU; None when it does not answer this request."""
    if len(body) == 2 and body[0] == request.function | EXCEPTION:
        return Refused(body[1])
    size = 2 * request.count
    if len(body) != 2 + size or body[0] != request.function or body[1] != size:
        return None
    return Registers(struct.unpack(f">{request.count}H", body[2:]))


class RtuFraming:
    """RTU frames, which carry no length: the answer is looked for at every byte.

    So garbage before it and the echo of a two-wire adapter do not hide it. Holds at most one frame.
    """

    def __init__(self) -> None:
        self._request: ReadRequest | None = None
        self._buffer = bytearray()

    def ask(self, request: ReadRequest) -> bytes:
        """Return the frame to send, and forget what came before."""
        self._request = request
        self._buffer.clear()
        frame = bytes([request.unit]) + request.body
        return frame + crc16(frame)

    def feed(self, data: bytes) -> Reply | None:
        """Take the next bytes; return the answer once it is complete."""
        if self._request is None:
            return None
        self._buffer += data
        reply = self._find(self._request)
        if reply is not None:
            self._request = None
            self._buffer.clear()
        del self._buffer[:-_LONGEST_RTU]
        return reply

    def _find(self, request: ReadRequest) -> Reply | None:
        refused = bytes([request.unit, request.function | EXCEPTION])
        answered = bytes([request.unit, request.function, 2 * request.count])
        for head, size in ((answered, 3 + 2 * request.count), (refused, 3)):
            at = self._buffer.find(head)
            while at >= 0:
                frame = bytes(self._buffer[at : at + size])
                checksum = self._buffer[at + size : at + size + _CRC_BYTES]
                if len(frame) == size and crc16(frame) == checksum:
                    return _reply_in(frame[1:], request)
                at = self._buffer.find(head, at + 1)
        return None


class TcpFraming:
    """Frames with an MBAP header, whose number tells an answer from a late one to another question.

    After something that is no header, the next one is looked for by the two zeros in it. Holds at
    most one frame.
    """

    def __init__(self) -> None:
        self._request: ReadRequest | None = None
        self._number = 0
        self._buffer = bytearray()

    def ask(self, request: ReadRequest) -> bytes:
        """Return the frame to send."""
        self._request = request
        self._number = self._number % 0xFFFF + 1
        return _MBAP.pack(self._number, 0, 1 + len(request.body), request.unit) + request.body

    def feed(self, data: bytes) -> Reply | None:
        """Take the next bytes; return the answer once it is complete."""
        self._buffer += data
        found = None
        while len(self._buffer) >= _MBAP.size:
            number, protocol, length, _ = _MBAP.unpack_from(self._buffer)
            if protocol != 0 or not 3 <= length <= _LONGEST_TCP - 6:
                zeros_at = self._buffer.find(b"\0\0", 3)
                del self._buffer[: zeros_at - 2 if zeros_at >= 0 else len(self._buffer) - 3]
                continue
            if len(self._buffer) < 6 + length:
                break
            body = bytes(self._buffer[_MBAP.size : 6 + length])
            del self._buffer[: 6 + length]
            if self._request is not None and number == self._number:
                found = _reply_in(body, self._request) or found
        if found is not None:
            self._request = None
        return found


FRAMINGS: dict[str, Callable[[], Framing]] = {"rtu": RtuFraming, "tcp": TcpFraming}
