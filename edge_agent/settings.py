"""`shelf.toml` as frozen models (contract, section 1). Loading it: `settings_file.py`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from edge_agent.settings_base import Frozen
from edge_agent.settings_scales import Framing, ModbusSettings

Identifier = Annotated[str, StringConstraints(pattern=r"^[^\s/+#,\"']{1,64}$")]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^\S+$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Seconds = Annotated[float, Field(ge=0, le=30 * 86400, allow_inf_nan=False)]
Grams = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


class ScaleSettings(Frozen):
    """One scale: a board or an indicator at a port, with one or several channels."""

    id: Identifier
    driver: Literal["stream", "mt-sics", "continuous", "modbus", "simulated"]
    port: str | None = None
    baudrate: Annotated[int, Field(ge=300, le=4_000_000)] = 115200
    framing: Framing = "8N1"
    poll_s: Annotated[float, Field(ge=0.01, le=10)] = 0.1
    modbus: ModbusSettings | None = None

    @model_validator(mode="after")
    def _has_what_its_driver_needs(self) -> Self:
        who = f"scale {self.id!r} with driver {self.driver!r}"
        if self.driver != "simulated" and not self.port:
            raise ValueError(f"{who} needs a port")
        if (self.driver == "modbus") != (self.modbus is not None):
            raise ValueError(f"{who} needs {'a' if self.modbus is None else 'no'} modbus table")
        if (
            self.modbus is not None
            and self.modbus.transport == "tcp"
            and "://" not in str(self.port)
        ):
            raise ValueError(f'{who} over tcp needs a port such as "socket://192.168.1.20:502"')
        return self

    @property
    def channels(self) -> frozenset[int] | None:
        """The channels that this scale can have by its settings; None where the board decides."""
        if self.modbus is not None:
            return frozenset(w.channel for w in self.modbus.weight)
        return frozenset({0}) if self.driver in ("mt-sics", "continuous") else None


class PlateSettings(Frozen):
    """One weighed surface (a load-cell channel), or one that only the camera watches."""

    id: Identifier
    scale: Identifier | None = None
    channel: Annotated[int, Field(ge=0, le=1023)] | None = None
    capacity_g: Grams = 5000.0
    zero_counts: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    counts_per_g: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    products: tuple[Sku, ...] = ()
    region: tuple[int, int, int, int] | None = None

    @model_validator(mode="after")
    def _is_weighed_or_seen(self) -> Self:
        if (self.scale is None) != (self.channel is None):
            raise ValueError(f"plate {self.id!r} needs both scale and channel, or neither")
        if self.scale is None and self.region is None:
            raise ValueError(f"plate {self.id!r} has no scale, so it needs a region in the picture")
        if math.isclose(self.counts_per_g, 0.0, abs_tol=1e-9):
            raise ValueError(f"plate {self.id!r}: counts_per_g must not be 0; run calibrate")
        return self

    @property
    def is_weighed(self) -> bool:
        """Whether a load cell stands under this plate."""
        return self.scale is not None


class ProductSettings(Frozen):
    """One SKU with its unit weight and its price in minor units."""

    sku: Sku
    name: str
    weight_g: Grams | None = None
    weight_sd_g: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 2.0
    price: Annotated[int, Field(ge=0, le=10**9, strict=True)]


class CameraSettings(Frozen):
    """One camera and where its pictures come from."""

    id: Identifier
    source: str


class MqttSettings(Frozen):
    """The operator's broker. Without this table the agent works offline."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: bool = True
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    protocol: Literal[3, 5] = 5
    topic_prefix: str = "shelves/{shelf_id}"
    confirm: Literal["broker", "cloud"] = "broker"

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("mutual TLS needs both cert_file and key_file")
        if any(c in self.topic_prefix for c in "+#") or self.topic_prefix.startswith("/"):
            raise ValueError(
                f"topic_prefix {self.topic_prefix!r} must not hold + or # or start with /"
            )
        return self

    @property
    def effective_port(self) -> int:
        """The port that is used: as set, or the usual one with or without TLS."""
        return self.port if self.port is not None else (8883 if self.tls else 1883)


class PaymentSettings(Frozen):
    """Whether messages from the cloud must be signed, and with which keys."""

    signature: Literal["required", "optional"] = "required"
    keys_file: Path = Path("payment-keys.json")


class MatchingSettings(Frozen):
    """When a visit ends and until when a payment counts; all in seconds."""

    visit_gap_s: Annotated[float, Field(gt=0, le=3600)] = 20.0
    pay_ahead_s: Seconds = 300.0
    grace_s: Seconds = 180.0
    late_s: Seconds = 86400.0


class IdentitySettings(Frozen):
    """How sure an identification must be before it is told as one."""

    min_confidence: Annotated[float, Field(gt=0, lt=1)] = 0.9


class VisionSettings(Frozen):
    """Which recogniser looks at the pictures."""

    recogniser: Literal["none", "features", "detector"] = "features"
    model: str = "demo-shelf"
    runtime: Literal["auto", "ncnn", "onnx", "opencv", "ultralytics"] = "auto"


class EvidenceSettings(Frozen):
    """How long and how much evidence is kept on the shelf."""

    retention_days: Annotated[float, Field(gt=0, le=3650)] = 30.0
    max_mb: Annotated[float, Field(gt=0, le=1_000_000)] = 500.0
    blur_people: bool = True


class Settings(Frozen):
    """The whole of `shelf.toml`."""

    shelf_id: Identifier
    currency: Currency
    scale: tuple[ScaleSettings, ...] = ()
    plate: Annotated[tuple[PlateSettings, ...], Field(min_length=1)]
    product: Annotated[tuple[ProductSettings, ...], Field(min_length=1)]
    camera: tuple[CameraSettings, ...] = ()
    mqtt: MqttSettings | None = None
    payments: PaymentSettings = PaymentSettings()
    matching: MatchingSettings = MatchingSettings()
    identity: IdentitySettings = IdentitySettings()
    vision: VisionSettings = VisionSettings()
    evidence: EvidenceSettings = EvidenceSettings()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for what, ids in (
            ("scale", [s.id for s in self.scale]),
            ("plate", [p.id for p in self.plate]),
            ("product", [p.sku for p in self.product]),
            ("camera", [c.id for c in self.camera]),
        ):
            for name in ids:
                if ids.count(name) > 1:
                    raise ValueError(f"{what} {name!r} is defined {ids.count(name)} times")
        return self

    @model_validator(mode="after")
    def _channels_are_not_shared(self) -> Self:
        owner: dict[tuple[str, int], str] = {}
        for plate in self.plate:
            if plate.scale is None or plate.channel is None:
                continue
            key = (plate.scale, plate.channel)
            if key in owner:
                raise ValueError(
                    f"plates {owner[key]!r} and {plate.id!r} are both on channel "
                    f"{plate.channel} of scale {plate.scale!r}"
                )
            owner[key] = plate.id
        return self

    @model_validator(mode="after")
    def _products_are_known_and_weighable(self) -> Self:
        known = {p.sku: p for p in self.product}
        for plate in self.plate:
            for sku in plate.products:
                if sku not in known:
                    raise ValueError(
                        f"plate {plate.id!r} holds product {sku!r}, which is not listed"
                    )
                if plate.is_weighed and known[sku].weight_g is None:
                    raise ValueError(
                        f"product {sku!r} stands on weighed plate {plate.id!r} and needs weight_g"
                    )
        return self

    def check_hardware(self) -> None:
        """Raise ValueError where a plate names a scale, or a channel of one, that is not there.

        Not part of the validation itself: a recording's settings may lack the scale tables.
        """
        scales = {s.id: s.channels for s in self.scale}
        for plate in self.plate:
            if plate.scale is not None and plate.scale not in scales:
                known = ", ".join(sorted(scales)) or "none"
                raise ValueError(
                    f"plate {plate.id!r} is on scale {plate.scale!r}, which is not configured "
                    f"(configured: {known})"
                )
            channels = None if plate.scale is None else scales[plate.scale]
            if channels is not None and plate.channel not in channels:
                there = ", ".join(map(str, sorted(channels)))
                raise ValueError(
                    f"plate {plate.id!r} is on channel {plate.channel} of scale {plate.scale!r}, "
                    f"which has no such channel (it has: {there})"
                )

    @property
    def topic_prefix(self) -> str:
        """The MQTT topic prefix with the shelf's id filled in."""
        prefix = self.mqtt.topic_prefix if self.mqtt else "shelves/{shelf_id}"
        return prefix.replace("{shelf_id}", self.shelf_id)
