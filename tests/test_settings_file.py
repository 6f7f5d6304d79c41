"""`shelf.toml`: loading, faults that point at their line, edits that keep comments."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import SettingsError, UsageError
from edge_agent.settings import ProductSettings, Settings
from edge_agent.settings_allowed import PATTERNS, allowed
from edge_agent.settings_edit import add_product, set_value, set_values
from edge_agent.settings_file import (
    effective,
    find_settings,
    find_state,
    load_settings,
    mqtt_password,
    parse_settings,
    resolve,
)
from edge_agent.settings_lines import KeyPath, key_lines

EXAMPLE = Path(__file__).resolve().parent.parent / "config" / "shelf.example.toml"

GOOD = """\
shelf_id = "office-7"
currency = "CNY"

[[scale]]
id = "main"
driver = "stream"
port = "/dev/ttyUSB0"

[[plate]]
id = "A1"
scale = "main"
channel = 0  # the left one
products = [
  "690",
]

[[plate]]
id = "A2"
scale = "main"
channel = 1
products = ["690"]

[[product]]
sku = "690"
name = "Soda"
weight_g = 346
price = 350

[matching]
grace_s = 180  # three minutes
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    path = tmp_path / "shelf.toml"
    path.write_text(GOOD)
    return path


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def fault(text: str, *, hardware: bool = True) -> str:
    """What the loader says about `text`, which must be wrong."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, Path("shelf.toml"), hardware=hardware)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_the_example_is_valid_and_holds_every_key() -> None:
    assert load_settings(EXAMPLE).shelf_id == "office-7"
    text = re.sub(r"^# (?=\[|[a-z_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert [s.driver for s in parse_settings(text, EXAMPLE).scale] == [
        "stream",
        "mt-sics",
        "continuous",
        "modbus",
    ]
    table = tomllib.loads(text)
    schema = Settings.model_json_schema()

    def shown(value: Any) -> dict[str, Any]:
        entries = value if isinstance(value, list) else [value]
        return {key: entry[key] for entry in entries for key in entry}

    assert set(table) == set(schema["properties"])
    table["modbus"] = shown(table["scale"])["modbus"]
    table["modbusweight"] = table["modbus"]["weight"]
    for name, definition in schema["$defs"].items():
        key = name.removesuffix("Settings").lower()
        key = {"payment": "payments"}.get(key, key)
        assert set(shown(table[key])) == set(definition["properties"]), name


def test_optional_keys_of_the_example_show_their_defaults() -> None:
    shown = load_settings(EXAMPLE)
    for name in ("payments", "matching", "identity", "vision", "evidence"):
        assert getattr(shown, name) == Settings.model_fields[name].default, name


# What is wrong in the file, and what the first line of the fault must say.
FAULTS = [
    (
        "grace_s = 180",
        "grase_s = 180",
        "grase_s",
        ["matching.grase_s", "180", "Did you mean grace_s?"],
    ),
    (
        "grace_s = 180",
        'grace_s = "180"',
        "grace_s",
        ["matching.grace_s", '"180"', "a number from 0"],
    ),
    ("grace_s = 180", "grace_s = -1", "grace_s", ["matching.grace_s", "-1", "from 0 to 2592000"]),
    ("grace_s = 180", "grace_s = nan", "grace_s", ["matching.grace_s", "NaN", "from 0 to"]),
    ("price = 350", "price = 3.5", "price", ["product.690.price", "3.5", "a whole number from 0"]),
    ("price = 350", "price = true", "price", ["product.690.price", "true", "a whole number"]),
    ("price = 350", "price = 2026-03-01", "price", ["product.690.price", "2026-03-01"]),
    ('"stream"', '"usb"', "driver", ["scale.main.driver", '"usb"', '"mt-sics"']),
    ("channel = 1", "channel = 0", "channel = 0\n", ["'A1' and 'A2'", "channel 0", "'main'"]),
    ('  "690",', '  "691",', '"691"', ["plate.A1.products", "'691'", "not listed"]),
    ('["690"]', '["690", "692"]', '"692"', ["plate.A2.products", "'692'", "not listed"]),
    ('id = "A2"', 'id = "A1"', 'id = "A1"\n', ["plate 'A1' is defined 2 times"]),
    ('currency = "CNY"', 'currency = "yuan"', "currency", ['"yuan"', "three capital letters"]),
    ("weight_g = 346\n", "", "[[product]]", ["product.690", "needs weight_g"]),
    ('name = "Soda"\n', "", "[[product]]", ["product.690.name is missing", "text in quotes"]),
    ("channel = 1\n", "", 'scale = "main"\n', ["plate.A2.scale", "both scale and channel"]),
    ("[matching]", "[matching]\n[mqtt]\ntls = 1", "tls", ["mqtt.tls", "1", "true or false"]),
]


@pytest.mark.parametrize(("right", "wrong", "place", "said"), FAULTS, ids=[f[1] for f in FAULTS])
def test_a_fault_names_file_line_key_what_was_found_and_what_is_allowed(
    right: str, wrong: str, place: str, said: list[str]
) -> None:
    assert right in GOOD
    text = GOOD.replace(right, wrong, 1)
    told = fault(text)
    # The last line that holds the place: of two plates on one channel, the later is at fault.
    line = text[: text.rindex(place)].count("\n") + 1
    everything = [line for line in told.splitlines() if said[0] in line]
    assert everything, told
    assert f"shelf.toml, line {line}: " in everything[0]
    assert all(part in everything[0] for part in said), told
    assert "edge-agent config check" in told.splitlines()[0]


def test_every_fault_is_told_at_once_by_line() -> None:
    told = fault(GOOD.replace("= 180", "= -1\nvisit_gap_s = 0").replace('"CNY"', '"yuan"'))
    keys = [line.split(": ")[1].split(" ")[0] for line in told.splitlines()]
    assert keys == ["currency", "matching.grace_s", "matching.visit_gap_s"]


def test_a_missing_required_key_says_what_is_needed() -> None:
    told = fault(GOOD.replace('shelf_id = "office-7"\n', ""))
    assert "shelf_id is missing; needed: text of 1 to 64 characters" in told


def test_a_list_of_wrong_length_is_told_as_a_whole() -> None:
    told = fault(GOOD.replace("channel = 1", "channel = 1\nregion = [1, 2, 3]"))
    assert "plate.A2.region is [1, 2, 3]; allowed: a list of 4, each a whole number" in told


def test_text_that_is_not_toml_names_the_line() -> None:
    told = fault(GOOD.replace("grace_s = 180", "grace_s = 180 s"))
    assert f"shelf.toml, line {line_of(GOOD, 'grace_s')}: this is not TOML" in told
    assert "found: grace_s = 180 s" in told


def test_an_unclosed_table_at_the_end_names_a_line() -> None:
    assert "line 31" in fault(GOOD + "[mqtt")
    assert len(GOOD.splitlines()) == 30


def test_a_missing_file_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"No settings at .*nowhere\.toml\. Copy config/shelf\.example"
    ):
        load_settings(tmp_path / "nowhere.toml")


def test_a_folder_or_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Is a directory"):
        load_settings(tmp_path)
    path = tmp_path / "shelf.toml"
    path.write_bytes(GOOD.encode() + b"# \xff\n")
    with pytest.raises(SettingsError, match=r"line 31: byte 0xff is not UTF-8"):
        load_settings(path)


def test_a_scale_that_is_not_configured_is_a_fault_only_with_hardware() -> None:
    text = GOOD.replace('scale = "main"\nchannel = 1', 'scale = "mian"\nchannel = 1')
    told = fault(text)
    assert f"line {line_of(text, 'mian')}: plate.A2.scale" in told
    assert "(configured: main)" in told
    assert parse_settings(text, Path("shelf.toml"), hardware=False).plate[1].scale == "mian"


def test_a_recordings_scale_and_camera_tables_are_ignored_whatever_they_say() -> None:
    text = GOOD.replace('driver = "stream"', 'driver = "something later"') + "[[camera]]\nx = 1\n"
    assert fault(text).count("\n") >= 2
    assert parse_settings(text, Path("shelf.toml"), hardware=False).scale == ()


def test_every_pattern_and_every_key_has_words() -> None:
    def patterns(schema: object) -> Iterator[str]:
        if isinstance(schema, dict):
            if isinstance(schema.get("pattern"), str):
                yield schema["pattern"]
            for value in schema.values():
                yield from patterns(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from patterns(value)

    assert set(patterns(Settings.model_json_schema())) == set(PATTERNS)
    assert allowed(("plate", 0, "channel")) == "a whole number from 0 to 1023"
    assert allowed(("mqtt", "protocol")) == "3 or 5"
    assert allowed(("identity", "min_confidence")) == "a number above 0 and below 1"


def test_settings_come_from_option_then_environment_then_the_usual_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EDGE_AGENT_CONFIG", raising=False)
    monkeypatch.delenv("EDGE_AGENT_STATE", raising=False)
    assert find_settings(None) == Path("/etc/edge-agent/shelf.toml")
    assert find_state(None) == Path("/var/lib/edge-agent")
    monkeypatch.setenv("EDGE_AGENT_CONFIG", "/a/shelf.toml")
    monkeypatch.setenv("EDGE_AGENT_STATE", "/a/state")
    assert find_settings(None) == Path("/a/shelf.toml")
    assert find_state(None) == Path("/a/state")
    assert find_settings(Path("b.toml")) == Path("b.toml")
    assert find_state(Path("b")) == Path("b")


def test_files_are_relative_to_the_settings_file(shelf: Path) -> None:
    assert resolve(Path("keys.json"), shelf) == shelf.parent.resolve() / "keys.json"
    assert resolve(Path("/etc/keys.json"), shelf) == Path("/etc/keys.json")


def test_the_password_comes_from_the_environment_then_the_file(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGE_AGENT_MQTT_PASSWORD", raising=False)
    assert mqtt_password(load_settings(shelf), shelf) is None
    shelf.write_text(GOOD + '[mqtt]\nhost = "b"\npassword_file = "secret"\n')
    found = load_settings(shelf)
    with pytest.raises(
        SettingsError, match=r"mqtt\.password_file is .*secret, which cannot be read"
    ):
        mqtt_password(found, shelf)
    (shelf.parent / "secret").write_text("hunter 2\r\n")
    assert mqtt_password(found, shelf) == "hunter 2"
    monkeypatch.setenv("EDGE_AGENT_MQTT_PASSWORD", "from outside")
    assert mqtt_password(found, shelf) == "from outside"


def test_an_empty_password_file_is_an_error(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_AGENT_MQTT_PASSWORD", raising=False)
    shelf.write_text(GOOD + '[mqtt]\nhost = "b"\npassword_file = "secret"\n')
    (shelf.parent / "secret").write_text("\n")
    with pytest.raises(SettingsError, match="whose first line is empty"):
        mqtt_password(load_settings(shelf), shelf)


def test_effective_settings_show_defaults_and_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_AGENT_MQTT_PASSWORD", "hunter2")
    text = (
        GOOD + '[[camera]]\nid = "front"\nsource = "rtsp://me:hunter2@10.0.0.5/s"\n'
        '[mqtt]\nhost = "b"\ntls = false\n'
    )
    shown = effective(parse_settings(text, Path("shelf.toml")))
    assert "hunter2" not in json.dumps(shown)
    assert shown["camera"][0]["source"] == "rtsp://(hidden)@10.0.0.5/s"
    assert shown["mqtt"]["port"] == 1883
    assert shown["mqtt"]["topic_prefix"] == "shelves/office-7"
    assert shown["evidence"]["retention_days"] == 30


def test_setting_a_value_keeps_comments_and_mode(shelf: Path) -> None:
    shelf.chmod(0o640)
    changed = set_value(shelf, "matching.grace_s", "90")
    assert changed.matching.grace_s == 90
    assert shelf.read_text() == GOOD.replace("= 180 ", "= 90 ")
    assert shelf.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in shelf.parent.iterdir()] == ["shelf.toml"]


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("plate.A2.zero_counts", 84213.5, "zero_counts = 84213.5"),
        ("plate.A1.products", '["690"]', 'products = ["690"]'),
        ("plate.A1.region", (1, 2, 3, 4), "region = [1, 2, 3, 4]"),
        ("product.690.price", "400", "price = 400"),
        ("product.690.name", "7", 'name = "7"'),
        ("product.690.name", "Iced tea", 'name = "Iced tea"'),
        ("shelf_id", "77", 'shelf_id = "77"'),
        ("vision.recogniser", "none", 'recogniser = "none"'),
        ("mqtt.host", "broker.example", 'host = "broker.example"'),
        ("scale.main.baudrate", "9600", "baudrate = 9600"),
    ],
)
def test_a_value_can_be_set(shelf: Path, key: str, value: Any, written: str) -> None:
    set_value(shelf, key, value)
    assert written in shelf.read_text()
    assert "# the left one" in shelf.read_text()
    assert load_settings(shelf)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("matching.grase_s", "matching.grace_s"),
        ("plate.A9.channel", "with one of: A1, A2"),
        ("plate.A1.chan", "plate.ID.channel"),
        ("plate", "No plate ''"),
        ("mqtt", "Use one of"),
        ("nonsense", "shelf_id, currency"),
    ],
)
def test_a_key_that_does_not_exist_is_a_usage_error(shelf: Path, key: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        set_value(shelf, key, "1")
    assert shelf.read_text() == GOOD


@pytest.mark.parametrize(
    ("key", "value"),
    [("matching.grace_s", "soon"), ("product.690.sku", "691"), ("plate.A2.channel", "0")],
)
def test_a_value_that_would_not_load_changes_nothing(shelf: Path, key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=r"^Nothing was written, .*shelf\.toml, line \d+"):
        set_value(shelf, key, value)
    assert shelf.read_text() == GOOD


def test_several_values_are_set_all_or_none(shelf: Path) -> None:
    set_values(shelf, {"plate.A1.zero_counts": 5.0, "plate.A1.counts_per_g": 400.0})
    plate = load_settings(shelf).plate[0]
    assert (plate.zero_counts, plate.counts_per_g) == (5.0, 400.0)
    before = shelf.read_text()
    with pytest.raises(SettingsError):
        set_values(shelf, {"plate.A1.zero_counts": 6.0, "plate.A1.counts_per_g": 0.0})
    assert shelf.read_text() == before


def test_an_edit_through_a_link_keeps_the_link(shelf: Path) -> None:
    link = shelf.parent / "link.toml"
    link.symlink_to(shelf)
    set_value(link, "matching.grace_s", "90")
    assert link.is_symlink()
    assert load_settings(shelf).matching.grace_s == 90


def test_a_product_is_added_once(shelf: Path) -> None:
    product = ProductSettings(sku="691", name="Tea", weight_g=530.5, price=450)
    assert add_product(shelf, product).product[1] == product
    assert load_settings(shelf).product[1] == product
    with pytest.raises(UsageError, match="already has product '691'"):
        add_product(shelf, product)


# Lines of keys: any TOML that tomlkit writes, against a scan that knows nothing of our settings.

KEYS = st.text("abcXYZ09_- .é\"'#=[", min_size=1, max_size=6)
SCALARS = (
    st.integers(-9, 9)
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.text("ab\"'\\#[]{},=\n\té ", max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def paths(value: Any, around: KeyPath = ()) -> Iterator[KeyPath]:
    if around:
        yield around
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in parts:
        yield from paths(part, (*around, key))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_of_any_toml_has_a_line(table: dict[str, Any]) -> None:
    text = tomlkit.dumps(table)
    lines = key_lines(text)
    wanted = set(paths(tomllib.loads(text)))
    assert wanted <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def test_lines_are_found_in_every_form_of_toml() -> None:
    text = (
        'a = 1\r\n"b.c" = """\r\nx = 2\r\n"""\r\nd.e = [\r\n  1, # ]\r\n  { f = 3, '
        "'g' = ']' },\r\n]\r\n[h.i]\r\nj = '''\r\n[no]\r\n'''\r\n"
        "[[k]]\r\nl = 1\r\n[k.m]\r\nn = 1\r\n"
        "[[k]]\r\nl = 2\r\n"
    )
    lines = key_lines(text)
    assert lines[("b.c",)] == 2
    assert lines[("d", "e", 1, "g")] == 7
    assert lines[("h", "i", "j")] == 10
    assert lines[("k", 0, "l")] == 14
    assert lines[("k", 0, "m", "n")] == 16
    assert lines[("k", 1, "l")] == 18
    assert ("no",) not in lines
