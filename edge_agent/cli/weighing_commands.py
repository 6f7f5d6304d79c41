"""`edge-agent weigh | calibrate | tare`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_agent.cli.console import note, print_json, say
from edge_agent.cli.options import AsJson, Config, State, Yes

if TYPE_CHECKING:
    from edge_agent.cli.readings import Readings

REFRESH_S = 0.5
LINES_EVERY_S = 1.0
# A channel's rate and noise are known after its first full second.
ONCE_S = 3.0
ONCE_PATIENCE_S = 9.0

Show = Callable[[list[dict[str, Any]]], None]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(epilog="Example: edge-agent weigh --once")(weigh)
    app.command(epilog="Example: edge-agent calibrate A1 --mass 500")(calibrate)
    app.command(epilog="Example: edge-agent tare A1")(tare)


def weigh(
    once: Annotated[bool, typer.Option("--once", help="Show the weights once and end.")] = False,
    for_s: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0, help="End after this long.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Show live weights, until Ctrl-C.

    Also how fast, how noisy and how still each plate is, whether it is frozen or saturated, how
    many samples were missing and the smallest change that would be told. Asks the running agent;
    where none runs, opens the scales itself.
    """
    from edge_agent.cli.readings import open_readings
    from edge_agent.settings_file import find_settings, find_state, load_settings

    settings = load_settings(find_settings(config))
    with open_readings(settings, find_state(state)) as readings:
        if once:
            _shower(as_json)(_settled_weights(readings))
        elif sys.stdout.isatty() and not as_json:
            _show_live(readings, for_s)
        else:
            _repeat(readings, _shower(as_json), for_s, LINES_EVERY_S)


def _settled_weights(readings: Readings) -> list[dict[str, Any]]:
    """Weights once rate and noise are known, or what there is when patience ends."""
    started = time.monotonic()
    while True:
        plates = readings.weights()
        waited_s = time.monotonic() - started
        ready = all(p["rate_hz"] is not None and p["noise_g"] is not None for p in plates)
        if ready or waited_s > ONCE_PATIENCE_S:
            return plates
        if waited_s > ONCE_S and any(p["rate_hz"] is not None for p in plates):
            return plates
        time.sleep(0.1)


def _repeat(readings: Readings, show: Show, for_s: float | None, every_s: float) -> None:
    started = time.monotonic()
    while for_s is None or time.monotonic() - started < for_s:
        time.sleep(every_s if for_s is None else min(every_s, for_s))
        show(readings.weights())


def _show_live(readings: Readings, for_s: float | None) -> None:
    from rich.console import Console
    from rich.live import Live

    from edge_agent.cli.weigh_view import WeighTable

    note("Ctrl-C ends.")
    console = Console(highlight=False)
    table = WeighTable(console.width)
    with Live(console=console, auto_refresh=False) as live:
        _repeat(
            readings,
            lambda plates: live.update(table.build(plates, time.time()), refresh=True),
            for_s,
            REFRESH_S,
        )


def _shower(as_json: bool) -> Show:
    from edge_agent.cli.weigh_view import line_of, with_states

    def show(plates: list[dict[str, Any]]) -> None:
        now = time.time()
        if as_json:
            print_json({"at": round(now, 3), "plates": with_states(plates, now)})
        else:
            say("\n".join(line_of(plate, now) for plate in plates))

    return show


def calibrate(
    plate: Annotated[str, typer.Argument(help="The plate's id in the settings.")],
    mass: Annotated[
        list[float],
        typer.Option(
            "--mass", metavar="G", help="The known mass in grams; further ones check linearity."
        ),
    ],
    check_zero: Annotated[
        bool, typer.Option("--check-zero", help="Read it empty again: its zero must come back.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=60, help="How long each reading takes.")
    ] = 5.0,
    wait: Annotated[
        float,
        typer.Option("--wait", min=0, max=600, help="With --yes: how long to wait for the mass."),
    ] = 60.0,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate a plate with a known mass.

    It is read empty, then loaded; both are checked, and the result is written to the settings. A
    plate that moves, is at the end of its range, is not linear or does not come back to zero is
    refused. Best: --mass 1000 --mass 200 --check-zero.

    With --yes nothing is asked: put the mass on when told to, it is noticed by itself.
    """
    from edge_agent.cli.calibrating import calibrate_plate

    done = calibrate_plate(plate, mass, seconds, wait, check_zero, yes, config, state)
    if as_json:
        print_json(done)
    else:
        say(_calibrated(done))


def _calibrated(done: dict[str, Any]) -> str:
    checks = ""
    if done["nonlinear_g"] is not None:
        checks += f", linear within {abs(done['nonlinear_g']):.2f} g"
    if done["return_g"] is not None:
        checks += f", back to zero within {abs(done['return_g']):.2f} g"
    return (
        f"Plate {done['plate']} is calibrated: zero_counts = {done['zero_counts']}, counts_per_g "
        f"= {done['counts_per_g']}; noise {done['noise_g']:.2f} g, scale known to "
        f"{100 * done['relative_error']:.2f} %{checks}. Written to {done['file']}."
    )


def tare(
    plate: Annotated[str, typer.Argument(help="The plate's id in the settings.")],
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=60, help="How long the reading takes.")
    ] = 3.0,
    yes: Yes = False,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Set the zero of an empty plate."""
    from edge_agent.cli.calibrating import tare_plate

    done = tare_plate(plate, seconds, yes, config, state)
    if as_json:
        print_json(done)
    else:
        say(
            f"Plate {plate}: zero_counts = {done['zero_counts']} (moved by {done['moved_g']:+.1f} "
            f"g). Written to {done['file']}."
        )
