"""What a scale's driver needs beyond its port: the register map of `modbus`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from edge_agent.settings_base import Frozen

Framing = Literal[
    "8N1", "8E1", "8O1", "8N2", "8E2", "8O2", "7E1", "7O1", "7N1", "7N2", "7E2", "7O2"
]
"""Data bits, parity and stop bits, as scale manuals write them."""

Bit = Annotated[int, Field(ge=0, le=15)]
Address = Annotated[int, Field(ge=0, le=65535)]

LAST_RTU_UNIT = 247
"""Modbus over Serial Line, V1.02, section 2.2: 0 is for broadcasts, 248 to 255 are reserved."""


class ModbusWeightSettings(Frozen):
    """Where one channel's weight stands in a transmitter's registers, and how it is read."""

    channel: Annotated[int, Field(ge=0, le=1023)]
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    address: Address
    function: Literal["holding", "input"] = "holding"
    type: Literal["int16", "uint16", "int32", "uint32", "float32"] = "int32"
    byte_order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    grams_per_count: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    status_address: Address | None = None
    overload_bits: tuple[Bit, ...] = ()
    fault_bits: tuple[Bit, ...] = ()

    @property
    def words(self) -> int:
        """How many registers of 16 bits the weight fills."""
        return 1 if self.type.endswith("16") else 2


class ModbusSettings(Frozen):
    """How the transmitters on one line are asked, and where each weight stands."""

    transport: Literal["rtu", "tcp"] = "rtu"
    timeout_s: Annotated[float, Field(ge=0.02, le=10)] = 0.3
    weight: Annotated[tuple[ModbusWeightSettings, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _weights_make_sense(self) -> Self:
        channels = [r.channel for r in self.weight]
        for entry in self.weight:
            where = f"the weight of channel {entry.channel}"
            if channels.count(entry.channel) > 1:
                raise ValueError(f"channel {entry.channel} has more than one weight")
            if self.transport == "rtu" and not 1 <= entry.unit <= LAST_RTU_UNIT:
                raise ValueError(
                    f"{where}: unit {entry.unit} cannot be asked over rtu; "
                    f"allowed: 1 to {LAST_RTU_UNIT}"
                )
            if entry.address + entry.words > 65536:
                raise ValueError(
                    f"{where}: address {entry.address} leaves no room for {entry.type}"
                )
            if entry.grams_per_count == 0:
                raise ValueError(f"{where}: grams_per_count must not be 0")
            if (entry.status_address is None) != (not entry.overload_bits + entry.fault_bits):
                raise ValueError(
                    f"{where}: status_address needs overload_bits or fault_bits, and they need it"
                )
        return self
