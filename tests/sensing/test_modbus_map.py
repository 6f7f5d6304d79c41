"""Register maps: what is asked for, and what the values weigh."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensing.modbus_frames import ReadRequest
from edge_agent.sensing.modbus_map import MOST_REGISTERS, places, reading_of, requests_for
from edge_agent.settings_scales import ModbusWeightSettings

ORDERS: dict[str, Callable[[bytes], bytes]] = {
    "ABCD": lambda raw: raw,
    "CDAB": lambda raw: raw[2:] + raw[:2],
    "BADC": lambda raw: bytes([raw[1], raw[0], raw[3], raw[2]]),
    "DCBA": lambda raw: raw[::-1],
}


def weight(**keys: Any) -> ModbusWeightSettings:
    return ModbusWeightSettings.model_validate({"channel": 0, "address": 0, **keys})


def words(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[n : n + 2], "big") for n in range(0, len(raw), 2)]


def grams(map_: ModbusWeightSettings, raw: bytes, status: int | None = None) -> float:
    values = dict(
        zip(places(map_), [*words(raw), *([] if status is None else [status])], strict=True)
    )
    reading = reading_of(map_, values)
    assert reading is not None
    return reading.grams


def test_neighbours_are_asked_for_at_once_and_gaps_are_not_touched() -> None:
    maps = [
        weight(channel=0, address=0),
        weight(channel=1, address=2),
        weight(channel=2, address=5, type="int16"),
        weight(channel=3, address=7, function="input"),
        weight(channel=4, unit=2, address=9),
    ]
    assert requests_for(maps) == [
        ReadRequest(1, 3, 0, 4),
        ReadRequest(1, 3, 5, 1),
        ReadRequest(1, 4, 7, 2),
        ReadRequest(2, 3, 9, 2),
    ]


def test_a_status_beside_the_weight_comes_with_it_and_one_elsewhere_by_itself() -> None:
    beside = weight(status_address=2, fault_bits=[0])
    assert requests_for([beside]) == [ReadRequest(1, 3, 0, 3)]
    elsewhere = weight(status_address=40, fault_bits=[0])
    assert requests_for([elsewhere]) == [ReadRequest(1, 3, 0, 2), ReadRequest(1, 3, 40, 1)]


@given(
    st.lists(
        st.builds(
            weight,
            channel=st.just(0),
            unit=st.integers(1, 3),
            address=st.integers(0, 60),
            type=st.sampled_from(["int16", "int32"]),
            function=st.sampled_from(["holding", "input"]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_all_registers_are_asked_for_and_no_others(maps: list[ModbusWeightSettings]) -> None:
    requests = requests_for(maps)
    asked = [(r.unit, r.function, r.address + n) for r in requests for n in range(r.count)]
    assert set(asked) == {place for map_ in maps for place in places(map_)}
    assert max(r.count for r in requests) <= MOST_REGISTERS
    for map_ in maps:
        wanted = set(places(map_))
        assert any(
            wanted <= {(r.unit, r.function, r.address + n) for n in range(r.count)}
            for r in requests
        )


@pytest.mark.parametrize("order", list(ORDERS))
@given(value=st.integers(-(2**31) + 1, 2**31 - 2))
def test_each_byte_order_of_a_long_number_is_read(order: str, value: int) -> None:
    raw = ORDERS[order](struct.pack(">i", value))
    assert grams(weight(byte_order=order, grams_per_count=0.5), raw) == value * 0.5


@given(st.floats(-1e6, 1e6, width=32))
def test_a_float_is_read(value: float) -> None:
    raw = ORDERS["CDAB"](struct.pack(">f", value))
    assert grams(weight(type="float32", byte_order="CDAB"), raw) == value


@pytest.mark.parametrize(
    ("type_", "layout", "value"),
    [("int16", ">h", -1234), ("uint16", ">H", 54321), ("uint32", ">I", 4_000_000_000)],
)
def test_the_other_types_are_read(type_: str, layout: str, value: int) -> None:
    assert grams(weight(type=type_), struct.pack(layout, value)) == value
    if type_.endswith("16"):
        swapped = struct.pack(layout, value)[::-1]
        assert grams(weight(type=type_, byte_order="BADC"), swapped) == value


@pytest.mark.parametrize(
    ("type_", "layout", "value", "state"),
    [
        ("int16", ">h", 2**15 - 1, "over"),
        ("int16", ">h", -(2**15), "under"),
        ("uint16", ">H", 2**16 - 1, "over"),
        ("int32", ">i", 2**31 - 1, "over"),
        ("int32", ">i", -(2**31), "under"),
        ("uint32", ">I", 2**32 - 1, "over"),
        ("float32", ">f", math.inf, "over"),
        ("float32", ">f", -math.inf, "under"),
        ("float32", ">f", math.nan, "busy"),
    ],
)
def test_a_value_at_the_end_of_its_type_is_no_weight(
    type_: str, layout: str, value: float, state: str
) -> None:
    map_ = weight(type=type_)
    reading = reading_of(
        map_, dict(zip(places(map_), words(struct.pack(layout, value)), strict=True))
    )
    assert reading is not None
    assert reading.state == state
    assert math.isnan(reading.grams)


def test_bits_of_the_status_say_that_there_is_no_weight() -> None:
    map_ = weight(status_address=2, overload_bits=[1, 9], fault_bits=[15])
    raw = struct.pack(">i", 500)
    assert grams(map_, raw, 0) == grams(map_, raw, 0b0101) == 500
    states = []
    for status in (1 << 1, 1 << 9, 1 << 15, 1 << 15 | 1 << 1):
        reading = reading_of(map_, dict(zip(places(map_), [*words(raw), status], strict=True)))
        assert reading is not None
        states.append(reading.state)
    assert states == ["over", "over", "busy", "busy"]


def test_half_a_number_is_none() -> None:
    map_ = weight()
    assert reading_of(map_, {places(map_)[0]: 7}) is None
