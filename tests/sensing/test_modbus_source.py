"""Weight transmitters on pymodbus's own server: TCP, RTU on a pseudo-terminal, RTU over TCP."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from edge_agent.errors import ScaleError
from edge_agent.sensing.drivers import ScaleSource, open_scale
from edge_agent.sensing.scale import ScaleBlock, ScaleLost
from edge_agent.settings import ScaleSettings
from tests.sensing.scale_peers import (
    IMPATIENT,
    WAIT_S,
    Ticker,
    Transmitter,
    cable,
    gather,
    modbus_on,
    modbus_on_tcp,
    reading,
    scale,
)

# As large factories' transmitters: tenths of a gram, a status beside them; and floats in kilograms.
MAP = (
    {
        "channel": 0,
        "unit": 1,
        "address": 0,
        "grams_per_count": 0.1,
        "status_address": 2,
        "overload_bits": [1],
        "fault_bits": [0],
    },
    {"channel": 1, "unit": 1, "address": 7, "type": "int16", "grams_per_count": 2.0},
    {
        "channel": 3,
        "unit": 9,
        "address": 100,
        "type": "float32",
        "byte_order": "CDAB",
        "grams_per_count": 1000.0,
    },
)


def bus(port: str, weights: Sequence[Any] = MAP, transport: str = "rtu") -> ScaleSettings:
    modbus = {"transport": transport, "timeout_s": 0.2, "weight": list(weights)}
    return scale("modbus", port, baudrate=115200, poll_s=0.02, modbus=modbus)


def transmitters() -> tuple[Transmitter, Transmitter]:
    first, second = Transmitter(1, {2: 0, 7: 50}), Transmitter(9, {})
    first.hold(0, ">i", 3460)
    second.hold(100, "<f", 1.5)
    second.registers = {
        a: int.from_bytes(v.to_bytes(2, "big"), "little") for a, v in second.registers.items()
    }
    return first, second


@contextlib.contextmanager
def opened(settings: ScaleSettings, channels: int = 4) -> Iterator[ScaleSource]:
    with contextlib.closing(open_scale(settings, channels, time.time)) as source:
        yield source


@pytest.fixture(params=["tcp", "rtu", "rtu with echo", "rtu over tcp"])
def line(request: pytest.FixtureRequest) -> Iterator[tuple[ScaleSettings, Transmitter]]:
    """Two transmitters on one line, in each way that it may reach the agent."""
    first, second = transmitters()
    if request.param.endswith("tcp"):
        rtu = request.param != "tcp"
        with modbus_on_tcp(first, second, rtu=rtu) as port:
            yield bus(port, transport="rtu" if rtu else "tcp"), first
    else:
        with cable(echo="echo" in request.param) as laid, modbus_on(laid, first, second):
            yield bus(laid.port), first


def test_several_units_and_kinds_of_registers_make_rows_of_grams(
    line: tuple[ScaleSettings, Transmitter],
) -> None:
    settings, first = line
    with opened(settings) as source:
        times, counts = gather(source, 3)
        assert counts[-1, [0, 1, 3]].tolist() == [346.0, 100.0, 1500.0]
        assert np.isnan(counts[:, 2]).all()
        assert (np.diff(times) > 0).all()
        first.hold(0, ">i", -25)
        first.registers[7] = 0x10000 - 3
        while counts[-1, 0] != -2.5:
            _, counts = gather(source, 1)
        assert counts[-1, 1] == -6.0
        assert source.describe() == "answers from units 1, 9"
        health = source.health()
    assert health.understood > 9
    assert health.complaints == ()
    assert first.asked[0] == (3, 0, 3)


def test_overload_and_fault_bits_are_missing_weights_with_a_word() -> None:
    first, second = transmitters()
    with modbus_on_tcp(first, second) as port:
        settings = bus(port, transport="tcp")
        with reading(settings, 4) as listener:
            assert listener.until(ScaleBlock).saturated == frozenset()
            first.registers[2] = 0b10
            block = listener.until(ScaleBlock, lambda b: bool(b.saturated))
            assert block.saturated == {0}
            assert np.isnan(block.counts[-1, 0])
            assert block.counts[-1, 1] == 100.0
        first.registers[2] = 0b01
        with opened(settings) as source:
            gather(source, 1)
            assert "channel 0: its transmitter reports a fault" in source.health().complaints[0]


def test_one_unit_that_is_off_leaves_the_others_their_weights() -> None:
    first, _ = transmitters()
    with cable() as laid, modbus_on(laid, first), opened(bus(laid.port)) as source:
        _, counts = gather(source, 20)
        assert counts[-1, 0] == 346.0
        assert np.isnan(counts[:, 3]).all()
        (complaint,) = source.health().complaints
        assert source.describe() == "answers from unit 1"
    assert "unit 9, registers 100 to 101 (function 3): no answer" in complaint


def test_one_wrong_register_leaves_the_others_their_weights() -> None:
    first, second = transmitters()
    wrong = ({**MAP[0]}, {**MAP[1], "address": 4000})
    with modbus_on_tcp(first, second) as port, opened(bus(port, wrong, "tcp")) as source:
        _, counts = gather(source, 3)
        assert counts[-1, 0] == 346.0
        assert np.isnan(counts[:, 1]).all()
        (complaint,) = source.health().complaints
    assert "unit 1, register 4000 (function 3): it has no such register (exception 2)" in complaint


def test_a_register_map_that_fits_nobody_is_an_error_at_once() -> None:
    first, second = transmitters()
    with (
        modbus_on_tcp(first, second) as port,
        opened(bus(port, [{**MAP[1], "address": 4000}], "tcp")) as source,
        pytest.raises(ScaleError) as error,
    ):
        gather(source, 1)
    assert f"Nobody at {port} has what the register map asks for" in str(error.value)
    assert "addresses count from 0, so a manual's 40001 is 0" in str(error.value)


def said_of(source: ScaleSource, words: str) -> str:
    """Read until the source says these words of its silence, as it does when that has lasted."""
    gives_up_at = time.monotonic() + WAIT_S
    while words not in source.why_silent():
        assert time.monotonic() < gives_up_at, source.why_silent()
        assert len(source.read()[0]) == 0
        time.sleep(0.005)
    return source.why_silent()


def test_a_wrong_unit_number_is_told_with_what_to_do() -> None:
    first, _ = transmitters()
    with cable() as laid, modbus_on(laid, first):
        settings = bus(laid.port, [{**MAP[0], "unit": 5}])
        with opened(settings) as source:
            said = said_of(source, "unit 5, registers 0 to 2 (function 3): no answer")
    assert f"No weights from the line at {laid.port} (nothing comes back at all" in said
    assert "its number (`unit`)" in said


def test_a_gateway_that_does_not_reach_a_unit_says_so() -> None:
    first, _ = transmitters()
    with modbus_on_tcp(first) as port:
        settings = bus(port, [{**MAP[0], "unit": 5}], "tcp")
        with opened(settings) as source:
            said = said_of(source, "the gateway gets no answer from it (exception 11)")
    assert "somebody answers, but gives no weights" in said


def test_noise_as_from_a_wrong_baudrate_is_told() -> None:
    with (
        cable() as laid,
        opened(bus(laid.port)) as source,
        Ticker(lambda _: laid.send(b"\x00\xf8\x80"), 0.02, 500),
    ):
        said = said_of(source, "bytes came that are no answers")
    assert "check `baudrate` and `framing` (now 115200 and 8N1)" in said


def test_a_line_that_goes_dead_is_told_with_how_it_was_before() -> None:
    first, second = transmitters()
    with cable() as laid, reading(bus(laid.port), 4, pace=IMPATIENT) as listener:
        with modbus_on(laid, first, second):
            listener.until(ScaleBlock)
        lost = listener.until(ScaleLost)
    assert "it worked before" in lost.reason


def test_a_modbus_scale_without_a_map_is_told_what_is_missing() -> None:
    settings = scale("stream", "/dev/null").model_copy(update={"driver": "modbus"})
    with pytest.raises(ScaleError, match=r"no register map. Add a \[scale.modbus\] table"):
        open_scale(settings, 1, time.time)
