"""The demo on a terminal: plates, visits, payments and cases while they happen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from edge_agent.cli.demo_plates import PlatesPicture
from edge_agent.cli.demo_visits import Row, VisitsPicture
from edge_agent.cli.demo_words import Words, stopwatch
from edge_agent.control_client import ask
from edge_agent.simulation.happenings import HandGone, Happening, ShelfTold
from edge_agent.simulation.showcase import Showcase
from edge_agent.simulation.story import Story, VisitStory
from edge_agent.simulation.verdict import Sum, Verdict, judge

REDRAW_S = 0.2
JUDGE_EVERY_S = 1.0
# What has just happened stays lit this long, in real seconds.
GLOW_S = 1.2
ASK_S = 2.0
# From this width on a case has room for its explanation.
WIDE = 110
CASES_SHARE = 0.3


class LiveScreen:
    """Fills the terminal while it is open as a context, and gives it back as it was."""

    def __init__(self, showcase: Showcase, story: Story) -> None:
        self._showcase = showcase
        self._story = story
        self._words = Words(showcase.settings)
        self._plates = PlatesPicture(showcase.settings, self._words)
        self._visits = VisitsPicture(story, self._words)
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._drawn_at = 0.0
        self._judged_at = 0.0
        self._weights: dict[str, dict[str, Any]] = {}
        self._verdict: Verdict = judge(story, 0.0)

    def take(self, happening: Happening, visit: VisitStory | None) -> None:
        """Note what lights up; the rest is in the story."""
        if isinstance(happening, HandGone):
            self._plates.touch(happening.action)
        elif isinstance(happening, ShelfTold) and happening.report["topic"] == "changes":
            change = happening.report["payload"]["data"]
            if change["kind"] != "withdrawn":
                right = visit is not None and visit.tells_truly(change, happening.at)
                self._plates.find(change["plate"], happening.at, right=right)

    def refresh(self) -> None:
        """Draw anew, a few times a second."""
        now = time.monotonic()
        if now - self._drawn_at < REDRAW_S:
            return
        self._drawn_at = now
        answer = ask(self._showcase.state, {"ask": "weights"}, timeout_s=ASK_S)
        self._weights = {plate["plate"]: plate for plate in answer["plates"]}
        if now - self._judged_at >= JUDGE_EVERY_S:
            self._judged_at = now
            self._verdict = judge(self._story, self._showcase.now - self._showcase.plan.lag_s)
        size = self._console.size
        self._live.update(Group(*self.lines(size.width, size.height)), refresh=True)

    def lines(self, width: int, height: int) -> list[Text]:
        """The whole picture, `height` lines of `width` cells."""
        plan, now = self._showcase.plan, self._showcase.now
        airy = height >= 32
        plates = self._plates.lines(width, now, GLOW_S * plan.speed, self._weights)
        top = [self._header(width), *([Text()] if airy else []), *plates]
        if airy:
            top.append(Text())
        cases = self._visits.cases(now, plan.lag_s)
        room = max(2, height - len(top) - 3)
        cases_room = min(max(1, len(cases)), max(2, int(room * CASES_SHARE)))
        half = (width - 3) // 2
        rows = self._visits.rows(now, plan.lag_s, room - cases_room)
        middle = [_rule(" what shoppers really do", " what the agent found", half, width)]
        middle += [_beside(row, half, width) for row in rows]
        middle += [Text()] * (room - cases_room - len(rows))
        bottom = [_rule(" cases, the newest first", "", half, width)]
        bottom += self._case_lines(cases, cases_room, width)
        lines = [*top, *middle, *bottom][: height - 1]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return [*lines, self._footer(width)]

    def _case_lines(self, cases: Sequence[Row], room: int, width: int) -> list[Text]:
        if not cases:
            return [Text(" none yet", "dim")]
        if width >= WIDE:
            half = (width - 3) // 2
            return [_beside(row, half, width) for row in cases[:room]]
        return [case for case, _ in cases[:room]]

    def _header(self, width: int) -> Text:
        showcase = self._showcase
        since = stopwatch(showcase.now - showcase.started_at)
        plan = showcase.plan
        ends = f" of {stopwatch(plan.shelf_s)}" if plan.for_s is not None else ""
        told = f"shelf time {since}{ends}   speed ×{plan.speed:g}   seed {showcase.seed}"
        line = Text.assemble((" edge-agent demo ", "bold"), f"  {told}")
        hint = "Ctrl-C ends "
        line.truncate(width - len(hint), overflow="ellipsis", pad=True)
        line.append(hint, "bold")
        line.stylize("white on blue")
        return line

    def _footer(self, width: int) -> Text:
        verdict = self._verdict
        lost = sum(verdict.losses_really.values(), Sum())
        counts = " ".join(f"{verdict.count(how)} {how}" for how in ("false", "missing", "twice"))
        line = Text(
            f" {verdict.visits.found}/{verdict.visits.really} visits"
            f"  {verdict.taken.found}/{verdict.taken.really} units"
            f"  {self._words.money(lost.value)} lost"
            f"  {verdict.true_lines} true {counts} {'✓' if verdict.is_right else '✗'}"
        )
        line.truncate(width, overflow="ellipsis", pad=True)
        line.stylize("white on green" if verdict.is_right else "white on red")
        return line

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()


def _rule(left: str, right: str, half: int, width: int) -> Text:
    line = Text(left)
    line.truncate(half, pad=True)
    line.append(f"   {right}")
    line.truncate(width, pad=True)
    line.stylize("bold white on grey23")
    return line


def _beside(row: Row, half: int, width: int) -> Text:
    left = row[0].copy()
    left.truncate(half, overflow="ellipsis", pad=True)
    right = row[1].copy()
    right.truncate(width - half - 3, overflow="ellipsis")
    return left.append(" │ ", "dim").append_text(right)
