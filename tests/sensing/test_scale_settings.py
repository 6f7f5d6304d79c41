"""What `shelf.toml` may say of a scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import SettingsError
from edge_agent.settings import Settings
from edge_agent.settings_file import parse_settings

REST = """
shelf_id = "s"
currency = "CNY"
[[product]]
sku = "p"
name = "P"
price = 1
weight_g = 5.0
[[plate]]
id = "A"
scale = "main"
channel = {channel}
{scale}
"""


def parsed(scale: str, channel: int = 0) -> Settings:
    return parse_settings(REST.format(scale=scale, channel=channel), Path("shelf.toml"))


def bus(*weights: str, modbus: str = "", port: str = "/dev/ttyUSB0") -> str:
    lines = ["[[scale]]", 'id = "main"', 'driver = "modbus"', f'port = "{port}"']
    lines += ["[scale.modbus]", modbus]
    for weight in weights:
        lines += ["[[scale.modbus.weight]]", *weight.split("; ")]
    return "\n".join(lines)


def test_a_register_map_stands_below_its_scale() -> None:
    settings = parsed(
        bus("channel = 0; address = 0", 'channel = 4; unit = 2; address = 8; type = "float32"'),
        channel=4,
    )
    (scale,) = settings.scale
    assert scale.modbus is not None
    assert [w.unit for w in scale.modbus.weight] == [1, 2]
    assert scale.channels == frozenset({0, 4})
    assert scale.framing == "8N1"
    assert scale.poll_s == 0.1


@pytest.mark.parametrize(
    ("scale", "channel", "says"),
    [
        ('[[scale]]\nid = "main"\ndriver = "mt-sics"', 0, "needs a port"),
        ('[[scale]]\nid = "main"\ndriver = "modbus"\nport = "x"', 0, "needs a modbus table"),
        (
            bus("channel = 0; address = 0").replace('"modbus"', '"mt-sics"'),
            0,
            "needs no modbus table",
        ),
        (bus(modbus='transport = "rtu"'), 0, "scale.main.modbus.weight is missing"),
        (bus("channel = 0"), 0, "address is missing"),
        (bus("channel = 0; address = 70000"), 0, "a whole number from 0 to 65535"),
        (bus("channel = 0; address = 65535"), 0, "leaves no room for int32"),
        (bus("channel = 0; address = 0; unit = 0"), 0, "allowed: 1 to 247"),
        (bus("channel = 0; address = 0; unit = 300"), 0, "a whole number from 0 to 255"),
        (bus("channel = 0; address = 0; grams_per_count = 0.0"), 0, "must not be 0"),
        (bus("channel = 0; address = 0; status_address = 3"), 0, "needs overload_bits"),
        (bus("channel = 0; address = 0; fault_bits = [0]"), 0, "and they need it"),
        (bus("channel = 0; address = 0; fault_bits = [16]"), 0, "from 0 to 15"),
        (bus("channel = 0; address = 0", "channel = 0; address = 2"), 0, "more than one weight"),
        (
            bus("channel = 0; address = 0", modbus='transport = "tcp"'),
            0,
            'needs a port such as "socket://192.168.1.20:502"',
        ),
        (
            '[[scale]]\nid = "main"\ndriver = "continuous"\nport = "x"\nframing = "9N1"',
            0,
            'framing is "9N1"; allowed: "8N1"',
        ),
        (
            '[[scale]]\nid = "main"\ndriver = "continuous"\nport = "x"',
            1,
            "plate 'A' is on channel 1 of scale 'main', which has no such channel (it has: 0)",
        ),
        (bus("channel = 2; address = 0"), 0, "no such channel (it has: 2)"),
    ],
)
def test_what_a_scale_cannot_be_is_told(scale: str, channel: int, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        parsed(scale, channel)
    assert says in str(error.value)
    assert "shelf.toml, line " in str(error.value)


def test_a_board_may_have_any_channel() -> None:
    settings: Any = parsed('[[scale]]\nid = "main"\ndriver = "stream"\nport = "x"', channel=63)
    assert settings.scale[0].channels is None
