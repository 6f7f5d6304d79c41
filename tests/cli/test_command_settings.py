"""`config`, `plates`, `products`, and what every command has in common."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from edge_agent import __version__
from edge_agent.cli.main import app, main
from tests.cli.command_scene import SODA, Shelf, make_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def commands() -> list[list[str]]:
    """Every command there is, by the words that call it."""
    found: list[list[str]] = []

    def walk(command: object, words: list[str]) -> None:
        found.append(words)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, [*words, name])

    walk(typer.main.get_command(app), [])
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"Example: (sudo )?edge-agent", shown)
    assert "Usage: edge-agent" in shown


def test_the_contracts_commands_are_all_there() -> None:
    names = {" ".join(words) for words in commands()}
    wanted = (
        "config check,config show,config set,doctor,weigh,calibrate,tare,plates,products list,"
        "products add,camera snapshot,status,stock,visits,losses list,losses show,losses confirm,"
        "losses dismiss,restock start,restock finish,mqtt test,record,service install,"
        "service status"
    )
    assert set(wanted.split(",")) <= names


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from edge_agent.cli.main import main; main(['--help'])\n"
        "heavy = {'numpy', 'cv2', 'pydantic', 'sqlite_utils', 'paho', 'serial', 'rich.table'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"edge-agent {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["weigh", "--wrong"], "--wrong"),
        (["calibrate", "A1"], "--mass"),
        (["calibrate", "A1", "--mass", "heavy"], "--mass"),
        (["losses", "show"], "ID"),
        (["losses", "list", "--state-is", "lost"], "lost"),
        (["config", "set", "currency"], "value"),
    ],
)
def test_wrong_usage_is_one_line_that_names_it_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert "--help" in line


def test_a_group_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["losses"]) == 2
    assert "confirm" in capsys.readouterr().err


def test_whoever_stops_reading_our_output_is_no_error(shelf: Shelf) -> None:
    command = [sys.executable, "-m", "edge_agent.cli.main", "config", "show"]
    with subprocess.Popen(
        [*command, "--config", str(shelf.config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_correct_settings_pass_the_check(shelf: Shelf) -> None:
    done = shelf.run("config", "check")
    assert (done.status, done.err) == (0, "")
    assert "1 scale, 2 plates, 2 products, 0 cameras" in done.out


def test_required_signatures_without_keys_are_a_warning(shelf: Shelf) -> None:
    text = shelf.config.read_text().replace('"optional"', '"required"')
    shelf.config.write_text(text)
    done = shelf.run("config", "check", "--json")
    assert done.status == 1
    assert "payment-keys.json" in done.json["warnings"][0]


def test_keys_that_are_no_keys_are_an_error(shelf: Shelf) -> None:
    (shelf.config.parent / "payment-keys.json").write_text("{")
    done = shelf.run("config", "check")
    assert done.status == 2
    assert "payment-keys.json" in done.error


def test_a_product_on_no_plate_is_a_warning(shelf: Shelf) -> None:
    shelf.config.write_text(shelf.config.read_text().replace('products = ["water"]', ""))
    done = shelf.run("config", "check")
    assert done.status == 1
    assert "'water'" in done.err
    assert "plate 'A2' has no products" in done.err


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("channel = 1", "channel = 1\ncapacity_kg = 5", "22", "capacity_kg"),
        ("channel = 1", 'channel = "one"', "21", "channel"),
        ("channel = 1", "channel = 0", None, "channel 0"),
        ('products = ["water"]', 'products = ["tea"]', None, "'tea'"),
    ],
)
def test_wrong_settings_are_named_by_file_and_line(
    shelf: Shelf, before: str, after: str, line: str | None, said: str
) -> None:
    shelf.config.write_text(shelf.config.read_text().replace(before, after))
    for command in (["config", "check"], ["plates"], ["weigh", "--once"]):
        done = shelf.run(*command)
        assert done.status == 2
        assert str(shelf.config) in done.error
        assert said in done.error
        if line is not None:
            assert f"line {line}" in done.error


def test_missing_settings_are_an_error_that_says_where_they_were_looked_for(
    tmp_path: Path,
) -> None:
    done = Shelf(tmp_path / "none.toml", tmp_path).run("config", "check")
    assert done.status == 2
    assert str(tmp_path / "none.toml") in done.error


def test_settings_are_found_through_the_environment(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(shelf.config))
    assert main(["config", "check"]) == 0
    assert str(shelf.config) in capsys.readouterr().out


def test_the_settings_shown_are_toml_with_defaults_filled_in(shelf: Shelf) -> None:
    done = shelf.run("config", "show")
    shown = tomllib.loads(done.out)
    assert shown["matching"]["grace_s"] == 180.0
    assert shown == _without_null(shelf.run("config", "show", "--json").json)


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_null(v) for k, v in value.items() if v is not None}
    return [_without_null(v) for v in value] if isinstance(value, list) else value


def test_secrets_are_not_shown(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_AGENT_MQTT_PASSWORD", "swordfish")
    with shelf.config.open("a") as file:
        file.write('\n[mqtt]\nhost = "mqtt.example.com"\nusername = "shelf"\n')
    for extra in ([], ["--json"]):
        done = shelf.run("config", "show", *extra)
        assert "mqtt.example.com" in done.out
        assert "swordfish" not in done.out


def test_setting_a_value_keeps_the_comments(shelf: Shelf) -> None:
    assert shelf.run("config", "set", "matching.grace_s", "240").status == 0
    assert shelf.run("config", "set", "plate.A1.zero_counts", "-120.5").status == 0
    assert shelf.run("config", "set", "plate.A1.capacity_g", "2000").status == 0
    assert "# what the technician wrote" in shelf.config.read_text()
    shown = shelf.run("config", "show", "--json").json
    assert shown["matching"]["grace_s"] == 240.0
    assert shown["plate"][0]["capacity_g"] == 2000.0


@pytest.mark.parametrize(
    ("key", "value"),
    [("matching.grace", "1"), ("matching.grace_s", "soon"), ("plate.Z9.channel", "1")],
)
def test_an_impossible_setting_changes_nothing(shelf: Shelf, key: str, value: str) -> None:
    before = shelf.config.read_text()
    done = shelf.run("config", "set", key, value)
    assert done.status == 2
    assert key.split(".")[1] in done.error
    assert shelf.config.read_text() == before


def test_plates_show_what_stands_on_them(shelf: Shelf) -> None:
    done = shelf.run("plates")
    assert "Water [still]" in done.out
    assert [p["id"] for p in shelf.run("plates", "--json").json] == ["A1", "A2"]


def test_products_show_prices_as_people_write_them(shelf: Shelf) -> None:
    assert "3.50 CNY" in shelf.run("products", "list").out
    assert shelf.run("products", "list", "--json").json[0]["price"] == 350


def test_a_product_is_added_and_put_on_a_plate(shelf: Shelf) -> None:
    done = shelf.run(
        "products",
        "add",
        "tea",
        "--name",
        "Tea",
        "--price",
        "500",
        "--weight",
        "260",
        "--plate",
        "A2",
    )
    assert done.status == 0
    shown = shelf.run("config", "show", "--json").json
    assert shown["plate"][1]["products"] == ["water", "tea"]
    assert shown["product"][2]["weight_g"] == 260.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([SODA, "--name", "Soda", "--price", "1"], SODA),
        (["tea", "--name", "Tea", "--price", "-1"], "--price"),
        (["tea", "--name", "Tea", "--price", "1", "--weight", "-3"], "--weight"),
        (["tea", "--name", "Tea", "--price", "1", "--plate", "Z9"], "A1, A2"),
        (["tea", "--name", "Tea", "--price", "1", "--plate", "A1"], "--weight"),
    ],
)
def test_an_impossible_product_is_refused(shelf: Shelf, arguments: list[str], said: str) -> None:
    before = shelf.config.read_text()
    done = shelf.run("products", "add", *arguments)
    assert done.status == 2
    assert said in done.error
    assert shelf.config.read_text() == before


def test_the_unit_is_filled_in_with_this_environments_program(
    shelf: Shelf,
) -> None:
    done = shelf.run("service", "install", "--dry-run")
    assert done.status == 0
    command = f"ExecStart={sys.prefix}/bin/edge-agent run --config {shelf.config.absolute()}"
    assert command in done.out
    assert f"ReadWritePaths={shelf.state.absolute()}" in done.out
    assert "Type=notify" in done.out


def test_the_unit_can_run_as_an_account_that_exists(shelf: Shelf) -> None:
    done = shelf.run("service", "install", "--dry-run", "--user", "root")
    assert "User=root" in done.out
    assert "DynamicUser=no" in done.out
    unknown = shelf.run("service", "install", "--dry-run", "--user", "nobody-like-that")
    assert unknown.status == 2
    assert "nobody-like-that" in unknown.error


def test_json_output_is_json(shelf: Shelf) -> None:
    for command in ("plates", "products list", "config show", "config check"):
        assert json.loads(shelf.run(*command.split(), "--json").out)
