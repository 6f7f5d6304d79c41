"""`edge-agent demo`: a simulated shelf and its shoppers through the real agent."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from edge_agent.cli.console import note, print_json
from edge_agent.cli.options import AsJson
from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from edge_agent.simulation.demo_plan import DemoPlan
    from edge_agent.simulation.happenings import Happening
    from edge_agent.simulation.showcase import Showcase
    from edge_agent.simulation.story import Story, VisitStory

REFRESH_S = 0.1


class View(Protocol):
    """Shows what happens while it happens."""

    def take(self, happening: Happening, visit: VisitStory | None) -> None:
        """One thing has happened, in `visit` where it belongs to one."""

    def refresh(self) -> None:
        """A moment has passed."""


def register(app: typer.Typer) -> None:
    """Add `demo` to the program."""
    app.command("demo", epilog="Example: edge-agent demo --for 60 --seed 7")(demo)


def demo(
    for_s: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", help="End after this long; else at Ctrl-C."),
    ] = None,
    speed: Annotated[
        float, typer.Option(help="How many times faster than real the shelf's time runs.")
    ] = 4.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed, same shoppers. Else one by chance.")
    ] = None,
    visits_per_hour: Annotated[
        float, typer.Option(help="How many shoppers would like to come, by the shelf's time.")
    ] = 240.0,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep settings, state and logs in this new folder."),
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option("--pictures", help="A camera sees the shelf, too."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show the agent at work on a simulated shelf; no hardware needed.

    Shoppers, honest and not, at twelve plates; their weights reach the real agent over a serial
    line, their payments over a real broker (mosquitto) that is started for it. At the end stands
    what really happened against what was found. Exit status 0: every case true, none missing.
    """
    from edge_agent.simulation.broker import mosquitto_program
    from edge_agent.simulation.demo_plan import DemoPlan

    plan = DemoPlan(speed, for_s, visits_per_hour, pictures)
    plan.check()
    mosquitto_program()
    if seed is None:
        seed = plan.find_seed()
    with _folder(keep) as folder, _agent_log(folder / "agent.log"):
        return _play(plan, seed, folder, as_json)


def _play(plan: DemoPlan, seed: int, folder: Path, as_json: bool) -> int:
    """Run the demo until its end; returns the exit status."""
    from edge_agent.cli.demo_summary import print_summary, summary
    from edge_agent.simulation.showcase import Showcase
    from edge_agent.simulation.story import Story
    from edge_agent.simulation.verdict import judge

    stopping = _stop_at_signals()
    if not as_json:
        end = "Ctrl-C ends it" if plan.for_s is None else f"{plan.for_s:g} s"
        note(f"edge-agent demo: seed {seed}, speed {plan.speed:g}, {end}.")
    with Showcase(plan, seed, folder) as showcase:
        story = Story(showcase.settings.matching)
        with _view(showcase, story, as_json) as view:
            while not (stopping.is_set() or showcase.is_over):
                _show(showcase, story, view, REFRESH_S)
                showcase.check()
            showcase.stand_still()
            _show(showcase, story, view, 0.0)
        was_stopped = not showcase.is_over
        until = showcase.now - (plan.lag_s if was_stopped else 0.0)
        verdict = judge(story, until)
        if as_json:
            print_json(summary(showcase, verdict))
        else:
            print_summary(showcase, verdict)
    return 0 if verdict.is_right else 1


def _show(showcase: Showcase, story: Story, view: View, wait_s: float) -> None:
    ends_at = time.monotonic() + wait_s
    for happening in showcase.happenings(wait_s):
        view.take(happening, story.take(happening))
    # A queue that is never empty must not make the picture flicker.
    time.sleep(max(0.0, ends_at - time.monotonic()))
    view.refresh()


def _view(showcase: Showcase, story: Story, as_json: bool) -> AbstractContextManager[View]:
    from edge_agent.cli.demo_lines import JsonLines, PlainLines

    if as_json:
        return nullcontext(JsonLines(showcase))
    if not sys.stdout.isatty():
        return nullcontext(PlainLines(showcase))
    from edge_agent.cli.demo_view import LiveScreen

    return LiveScreen(showcase, story)


def _stop_at_signals() -> threading.Event:
    """Set by Ctrl-C and SIGTERM, so that everything is put away in order."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A folder for the demo's settings and state: a passing one, or the one to keep."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="edge-agent-demo-") as name:
            yield Path(name)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"{keep} is there already; --keep needs a new folder, or an empty one.")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep
    note(f"Settings, state and logs are in {keep}.")


@contextmanager
def _agent_log(file: Path) -> Iterator[None]:
    """Send the agent's own log to `file`, away from what is shown."""
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()
