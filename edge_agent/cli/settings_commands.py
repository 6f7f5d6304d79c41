"""`edge-agent config check | show | set`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import note, print_json, say
from edge_agent.cli.options import AsJson, Config, State

if TYPE_CHECKING:
    from edge_agent.settings import Settings

config = typer.Typer(
    help="Check, show and change the settings.",
    epilog="Example: edge-agent config check",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(config, name="config")


@config.command(epilog="Example: edge-agent config check --config ./shelf.toml")
def check(config: Config = None, state: State = None, as_json: AsJson = False) -> int:
    """Check the settings.

    The file and those that it names. Exit status 2 when the agent would not start with it, 1 when
    it starts and something is still wrong.
    """
    from edge_agent.settings_file import find_settings, load_settings

    path = find_settings(config)
    settings = load_settings(path)
    warnings = list(settings_warnings(settings, path))
    if as_json:
        print_json({"file": str(path), **_counted(settings), "warnings": warnings})
    else:
        say(f"{path}: correct, for shelf {settings.shelf_id!r}.")
        say(", ".join(_plural(n, what) for what, n in _counted(settings).items()) + ".")
    for warning in warnings:
        note(f"warning: {warning}")
    return 1 if warnings else 0


def _plural(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"


def _counted(settings: Settings) -> dict[str, int]:
    return {
        "scales": len(settings.scale),
        "plates": len(settings.plate),
        "products": len(settings.product),
        "cameras": len(settings.camera),
    }


def settings_warnings(settings: Settings, path: Path) -> Iterator[str]:
    """What the settings allow and a technician should still know; one sentence each.

    Raises SettingsError where the password file or the payment keys cannot be used.
    """
    from edge_agent.cloud.signatures import Verifier
    from edge_agent.settings_file import mqtt_password, resolve

    keys = resolve(settings.payments.keys_file, path)
    if settings.payments.signature == "required" and not keys.is_file():
        yield (
            f"payments.keys_file: no file {keys}, and signatures are required, so every payment "
            "will be rejected. Put the operator's JWK set there, or set payments.signature."
        )
    elif keys.is_file():
        Verifier.from_file(keys, settings.payments.signature == "required")
    mqtt_password(settings, path)
    if settings.mqtt is not None:
        for key in ("ca_file", "cert_file", "key_file"):
            named = getattr(settings.mqtt, key)
            if named is not None and not resolve(named, path).is_file():
                yield (
                    f"mqtt.{key}: no file {resolve(named, path)}, so the broker cannot be reached. "
                    "Put it there, or correct the setting."
                )
    placed = {sku for plate in settings.plate for sku in plate.products}
    for product in settings.product:
        if product.sku not in placed:
            yield (
                f"product {product.sku!r} ({product.name}) stands on no plate. Add it to a plate's "
                "products, or remove it."
            )
    for plate in settings.plate:
        if not plate.products:
            yield (
                f"plate {plate.id!r} has no products, so what leaves it stays unidentified. "
                "List them under its products."
            )


@config.command(epilog="Example: edge-agent config show --json")
def show(config: Config = None, state: State = None, as_json: AsJson = False) -> None:
    """Show the settings in effect.

    As the agent uses them: defaults filled in, secrets hidden.
    """
    from edge_agent.settings_file import effective, find_settings, load_settings

    shown = effective(load_settings(find_settings(config)))
    if as_json:
        print_json(shown)
        return
    import tomlkit

    say(tomlkit.dumps(_without_none(shown)).rstrip())


def _without_none(value: Any) -> Any:
    # TOML has no null: what is not set is left out.
    if isinstance(value, dict):
        kept = {k: _without_none(v) for k, v in value.items() if v is not None}
        # Plain keys first: in TOML what follows a table's header belongs to that table.
        return dict(sorted(kept.items(), key=lambda item: _is_table(item[1])))
    if isinstance(value, list):
        return [_without_none(v) for v in value]
    return value


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


# A value may be a negative number, which looks like an option.
@config.command(
    name="set",
    epilog="Example: edge-agent config set matching.grace_s 240",
    context_settings={"ignore_unknown_options": True},
)
def set_(
    key: Annotated[
        str,
        typer.Argument(
            help="The setting: matching.grace_s, plate.A1.capacity_g, product.SKU.price."
        ),
    ],
    value: Annotated[str, typer.Argument(help='Its value: 240, true, text or ["a", "b"].')],
    config: Config = None,
    state: State = None,
) -> None:
    """Change one setting.

    Comments in the file stay, and an impossible value changes nothing.
    """
    from edge_agent.settings_edit import set_value
    from edge_agent.settings_file import find_settings, find_state

    path = find_settings(config)
    set_value(path, key, value)
    say(f"{path}: {key} = {value}")
    if (find_state(state) / "agent.sock").is_socket():
        note("Restart the agent to use it: sudo systemctl restart edge-agent")
