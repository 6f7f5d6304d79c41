"""A register map: which registers to ask for, and what their values weigh. No I/O."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Literal

from edge_agent.sensing.modbus_frames import FUNCTIONS, ReadRequest
from edge_agent.sensing.readings import Reading, no_weight
from edge_agent.settings_scales import ModbusWeightSettings

MOST_REGISTERS = 32
"""What weight transmitters give in one answer (CAS CI-600D p. 82, Bosche WTS p. 44)."""

Place = tuple[int, int, int]
"""Unit, function and address of one register."""

_FORMATS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}
_RAILS = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (2**16 - 1,),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (2**32 - 1,),
    "float32": (math.inf, -math.inf),
}
_ORDERS = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}


def requests_for(weights: Sequence[ModbusWeightSettings]) -> list[ReadRequest]:
    """Give the fewest questions that fetch all registers: neighbours in one, none in between.

    Registers between two that are wanted may not exist, which a device answers with an exception.
    """
    spans: list[list[int]] = []
    for unit, function, first, count in sorted({s for w in weights for s in _spans(w)}):
        end = first + count
        last = spans[-1] if spans else None
        if (
            last is not None
            and last[:2] == [unit, function]
            and first <= last[3]
            and end - last[2] <= MOST_REGISTERS
        ):
            last[3] = max(last[3], end)
        else:
            spans.append([unit, function, first, end])
    return [ReadRequest(unit, function, first, end - first) for unit, function, first, end in spans]


def _spans(weight: ModbusWeightSettings) -> list[tuple[int, int, int, int]]:
    unit, function = weight.unit, FUNCTIONS[weight.function]
    spans = [(unit, function, weight.address, weight.words)]
    if weight.status_address is not None:
        spans.append((unit, function, weight.status_address, 1))
    return spans


def places(weight: ModbusWeightSettings) -> list[Place]:
    """List the registers that a channel's reading is made of."""
    return [
        (unit, function, first + n)
        for unit, function, first, count in _spans(weight)
        for n in range(count)
    ]


def reading_of(weight: ModbusWeightSettings, values: Mapping[Place, int]) -> Reading | None:
    """Make a channel's reading of the registers' `values`; None where one of them is missing.

    A value at the end of its type, as devices give it for a load beyond their range, is no weight,
    and neither is a float that is not a number.
    """
    words = [values.get(place) for place in places(weight)]
    if None in words:
        return None
    known = [word for word in words if word is not None]
    number = _number(weight, known[: weight.words])
    status = known[weight.words] if weight.status_address is not None else 0
    if _any_set(status, weight.fault_bits) or math.isnan(number):
        return no_weight("busy")
    if _any_set(status, weight.overload_bits) or number in _RAILS[weight.type]:
        return no_weight(_side(number))
    return Reading(number * weight.grams_per_count, "stable")


def _number(weight: ModbusWeightSettings, words: Sequence[int]) -> float:
    raw = struct.pack(f">{len(words)}H", *words)
    order = _ORDERS[weight.byte_order]
    if len(words) == 1:
        # Only what the order says of the two bytes within a register matters.
        raw = raw[::-1] if weight.byte_order in ("BADC", "DCBA") else raw
    else:
        raw = bytes(raw[n] for n in order)
    return float(struct.unpack(_FORMATS[weight.type], raw)[0])


def _any_set(status: int, bits: Sequence[int]) -> bool:
    return any(status >> bit & 1 for bit in bits)


def _side(number: float) -> Literal["over", "under"]:
    return "under" if number < 0 else "over"
