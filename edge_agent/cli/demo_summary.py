"""The end of a demo: what really happened against what was found."""

from __future__ import annotations

from typing import Any

from edge_agent.cli.console import print_table, say
from edge_agent.cli.demo_words import Words, stopwatch
from edge_agent.simulation.showcase import Showcase
from edge_agent.simulation.verdict import Sum, Verdict


def summary(showcase: Showcase, verdict: Verdict) -> dict[str, Any]:
    """The last line of `--json`."""
    return {
        "event": "summary",
        "seed": showcase.seed,
        "speed": showcase.plan.speed,
        "shelf_s": round(showcase.now - showcase.started_at, 1),
        "currency": showcase.settings.currency,
        "messages": {
            "to_shelf": showcase.cloud.sent,
            "from_shelf": showcase.cloud.received,
            "repeats_dropped": showcase.cloud.repeats,
        },
        **verdict.as_dict(),
    }


def print_summary(showcase: Showcase, verdict: Verdict) -> None:
    """Print it for people."""
    words = Words(showcase.settings)
    shelf_s = showcase.now - showcase.started_at
    say("")
    say(
        f"Seed {showcase.seed}, {stopwatch(shelf_s)} of the shelf's time at speed "
        f"{showcase.plan.speed:g}."
    )
    say("What really happened, and what the agent found:")
    rows: list[tuple[str, object, object]] = [
        ("visits in which something was moved", verdict.visits.really, verdict.visits.found),
        ("units taken", verdict.taken.really, verdict.taken.found),
        ("units put back", verdict.put_back.really, verdict.put_back.found),
        ("restocks", verdict.restocks.really, verdict.restocks.found),
    ]
    for kind in sorted({*verdict.losses_really, *verdict.losses_found}):
        really = verdict.losses_really.get(kind, Sum())
        found = verdict.losses_found.get(kind, Sum())
        rows.append((f"lost, {kind}", _units(really, words), _units(found, words)))
    print_table(("", "really>", "found>"), rows, "")
    if verdict.undecided:
        say(f"{verdict.undecided} visits were not decided yet and are left out.")
    for wrong in verdict.wrong:
        where = f"visit {wrong.visit}" if wrong.visit is not None else "no visit"
        say(f"{wrong.how}: {words.line(wrong.as_dict())} ({where})")
    say(_sentence(verdict))


def _units(total: Sum, words: Words) -> str:
    return f"{total.units} for {words.money(total.value)}"


def _sentence(verdict: Verdict) -> str:
    counts = ", ".join(f"{verdict.count(how)} {how}" for how in ("false", "missing", "twice"))
    return f"Losses told in cases: {verdict.true_lines} true, {counts}."
