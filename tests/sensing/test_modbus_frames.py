"""Modbus frames, against those that pymodbus makes, and against all that a line may bring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
)

from edge_agent.sensing.modbus_frames import (
    ReadRequest,
    Refused,
    Registers,
    Reply,
    RtuFraming,
    TcpFraming,
    crc16,
)
from tests.sensing.parser_trials import held_after, in_pieces

REQUESTS = st.builds(
    ReadRequest,
    unit=st.integers(1, 247),
    function=st.sampled_from([3, 4]),
    address=st.integers(0, 65000),
    count=st.integers(1, 32),
)
REPLIES = st.one_of(
    st.builds(Refused, st.integers(1, 11)),
    st.lists(st.integers(0, 65535), min_size=1, max_size=32).map(lambda v: Registers(tuple(v))),
)
KINDS = ["rtu", "tcp"]
THEIRS = {"rtu": FramerRTU(DecodePDU(False)), "tcp": FramerSocket(DecodePDU(False))}


def asked_by_pymodbus(kind: str, request: ReadRequest, number: int) -> bytes:
    make = ReadHoldingRegistersRequest if request.function == 3 else ReadInputRegistersRequest
    message = make(
        address=request.address, count=request.count, dev_id=request.unit, transaction_id=number
    )
    return THEIRS[kind].buildFrame(message)


def answered_by_pymodbus(kind: str, request: ReadRequest, reply: Reply, number: int = 1) -> bytes:
    if isinstance(reply, Refused):
        message = ExceptionResponse(request.function, reply.code, device_id=request.unit)
        message.transaction_id = number
        return THEIRS[kind].buildFrame(message)
    make = ReadHoldingRegistersResponse if request.function == 3 else ReadInputRegistersResponse
    return THEIRS[kind].buildFrame(
        make(registers=list(reply.values), dev_id=request.unit, transaction_id=number)
    )


def sized(request: ReadRequest, reply: Reply) -> ReadRequest:
    """The request that the reply answers."""
    if isinstance(reply, Refused):
        return request
    return ReadRequest(request.unit, request.function, request.address, len(reply.values))


def framing(kind: str) -> RtuFraming | TcpFraming:
    return RtuFraming() if kind == "rtu" else TcpFraming()


def test_the_checksum_is_that_of_the_specification() -> None:
    # The standard's check value of CRC-16/MODBUS over "123456789", low byte first.
    assert crc16(b"123456789") == bytes([0x37, 0x4B])


@pytest.mark.parametrize("kind", KINDS)
@given(request_=REQUESTS)
def test_questions_are_those_of_pymodbus(kind: str, request_: ReadRequest) -> None:
    assert framing(kind).ask(request_) == asked_by_pymodbus(kind, request_, 1)


@pytest.mark.parametrize("kind", KINDS)
@given(request_=REQUESTS, reply=REPLIES, cuts=st.data())
def test_answers_of_pymodbus_are_understood_wherever_they_are_cut(
    kind: str, request_: ReadRequest, reply: Reply, cuts: st.DataObject
) -> None:
    ours, request_ = framing(kind), sized(request_, reply)
    ours.ask(request_)
    told = [
        ours.feed(part) for part in in_pieces(answered_by_pymodbus(kind, request_, reply), cuts)
    ]
    assert [answer for answer in told if answer is not None] == [reply]
    assert ours.feed(answered_by_pymodbus(kind, request_, reply)) is None


@given(REQUESTS, REPLIES, st.binary(max_size=40))
def test_garbage_and_an_echo_before_an_rtu_answer_do_not_hide_it(
    request_: ReadRequest, reply: Reply, noise: bytes
) -> None:
    ours, request_ = RtuFraming(), sized(request_, reply)
    echo = ours.ask(request_)
    assert ours.feed(noise + echo + answered_by_pymodbus("rtu", request_, reply)) == reply


@given(REQUESTS, REPLIES, st.data())
def test_a_changed_rtu_byte_never_makes_another_answer(
    request_: ReadRequest, reply: Reply, where: st.DataObject
) -> None:
    ours, request_ = RtuFraming(), sized(request_, reply)
    ours.ask(request_)
    wire = bytearray(answered_by_pymodbus("rtu", request_, reply))
    wire[where.draw(st.integers(0, len(wire) - 1))] ^= where.draw(st.integers(1, 255))
    assert ours.feed(bytes(wire)) is None


@pytest.mark.parametrize("kind", KINDS)
@given(request_=REQUESTS, values=st.lists(st.integers(0, 65535), min_size=1, max_size=32))
def test_another_units_answer_or_one_of_another_length_is_not_taken(
    kind: str, request_: ReadRequest, values: list[int]
) -> None:
    ours, reply = framing(kind), Registers(tuple(values))
    request_ = sized(request_, reply)
    ours.ask(request_)
    longer = Registers((*values, 0))
    assert ours.feed(answered_by_pymodbus(kind, request_, longer)) is None
    if kind == "rtu":
        other = ReadRequest(request_.unit % 247 + 1, request_.function, 0, request_.count)
        assert ours.feed(answered_by_pymodbus(kind, other, reply)) is None
    else:
        assert ours.feed(answered_by_pymodbus(kind, request_, reply, number=2)) is None
    assert ours.feed(answered_by_pymodbus(kind, request_, reply)) == reply


def test_a_late_tcp_answer_is_told_from_the_one_that_is_awaited() -> None:
    ours, request_ = TcpFraming(), ReadRequest(1, 3, 0, 1)
    ours.ask(request_)
    ours.ask(request_)
    late, right = Registers((1,)), Registers((2,))
    wire = answered_by_pymodbus("tcp", request_, late, 1)
    assert ours.feed(wire + answered_by_pymodbus("tcp", request_, right, 2)) == right


def test_after_bytes_that_are_no_header_tcp_answers_are_found_again() -> None:
    ours, request_ = TcpFraming(), ReadRequest(1, 3, 0, 1)
    ours.ask(request_)
    assert ours.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n") is None
    ours.feed(b"\xff" * 8)
    assert ours.feed(answered_by_pymodbus("tcp", request_, Registers((7,)))) == Registers((7,))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flood", [b"\x00" * 8192, b"\xff" * 8192, b"\x01\x03\x02" * 2000])
def test_a_flood_holds_no_memory(kind: str, flood: bytes) -> None:
    ours = framing(kind)
    ours.ask(ReadRequest(1, 3, 0, 1))
    assert held_after(ours, [flood], times=3) < 8192
    ours.feed(b"\xff" * 300)
    ours.ask(ReadRequest(1, 3, 0, 1))
    number = 2 if kind == "tcp" else 0
    wire = answered_by_pymodbus(kind, ReadRequest(1, 3, 0, 1), Registers((9,)), number)
    assert ours.feed(wire) == Registers((9,))


@pytest.mark.parametrize("kind", KINDS)
@given(wire=st.binary(max_size=300), request_=REQUESTS)
def test_no_bytes_raise(kind: str, wire: bytes, request_: ReadRequest) -> None:
    ours = framing(kind)
    assert ours.feed(wire) is None
    ours.ask(request_)
    reply = ours.feed(wire)
    assert reply is None or isinstance(reply, Refused | Registers)
