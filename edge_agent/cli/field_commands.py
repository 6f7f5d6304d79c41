"""`edge-agent mqtt test`, `record`: a technician's tools at the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.console import note, print_json, say
from edge_agent.cli.options import AsJson, Config, State

mqtt = typer.Typer(
    help="The way to the operator's broker.",
    epilog="Example: edge-agent mqtt test",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(mqtt, name="mqtt")
    app.command(epilog="Example: edge-agent record --out ./monday --for 3600")(record)


@mqtt.command(name="test", epilog="Example: edge-agent mqtt test")
def test_(config: Config = None, state: State = None, as_json: AsJson = False) -> int:
    """Try the broker, step by step.

    Connects, publishes, receives; says which step failed and why. Exit status 1 when one did.
    """
    from edge_agent.cloud.broker_check import check_broker
    from edge_agent.doctor import mqtt_with_whole_paths
    from edge_agent.errors import SettingsError
    from edge_agent.settings_file import find_settings, load_settings, mqtt_password

    path = find_settings(config)
    settings = load_settings(path)
    if settings.mqtt is None:
        raise SettingsError(
            f"{path} has no [mqtt] table, so the agent works offline. Add one with host and port."
        )
    steps = check_broker(
        mqtt_with_whole_paths(settings.mqtt, path),
        shelf_id=settings.shelf_id,
        topic_prefix=settings.topic_prefix,
        password=mqtt_password(settings, path),
    )
    failed = next((s for s in steps if not s.ok), None)
    if failed is not None:
        note(f"error: step {failed.step}: {failed.detail} {failed.remedy}")
    if as_json:
        told = [{"step": s.step, "ok": s.ok, "detail": s.detail} for s in steps]
        print_json({"ok": failed is None, "steps": told})
    else:
        for step in steps:
            say(f"{'ok' if step.ok else 'fail':<5} {step.step}: {step.detail}")
    return 0 if failed is None else 1


def record(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder for it.")],
    for_s: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0, help="End after this long.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Record the weights for `replay`.

    Until Ctrl-C. Asks the running agent; where none runs, opens the scales itself. Pictures and
    messages are not recorded.
    """
    from edge_agent.cli.recorder import record_weights

    done = record_weights(out, for_s, config, state)
    if as_json:
        print_json(done)
    else:
        say(f"{done['rows']} rows in {done['seconds']:.0f} s, in {out}.")
