"""The visits and cases of a demo on a terminal: what really happens beside what was found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from rich.text import Text

from edge_agent.cli.demo_words import DOES, Words
from edge_agent.simulation.script import TrueChange
from edge_agent.simulation.story import Story, Told, VisitStory
from edge_agent.told_changes import step_in_words

TRUE, OPEN, FALSE, QUIET = "green", "yellow", "bold red", "dim"
Row = tuple[Text, Text]


class VisitsPicture:
    """Draws the story of a demo; green is true, yellow not decided yet, red wrong."""

    def __init__(self, story: Story, words: Words) -> None:
        self._story = story
        self._words = words

    def rows(self, now: float, lag_s: float, most: int) -> list[Row]:
        """The newest visits first, as rows of two: really, found."""
        rows: list[Row] = []
        for visit in reversed(self._story.visits):
            if len(rows) >= most:
                break
            rows += self._visit(visit, now, lag_s)
        return rows[:most]

    def cases(self, now: float, lag_s: float) -> list[Row]:
        """The newest cases first, as rows of two: the case, its explanation."""
        told = [(case, v) for v in self._story.visits for case in v.cases.values()]
        told.sort(key=lambda pair: str(pair[0]["opened_at"]), reverse=True)
        return [self._case(case, visit, now, lag_s) for case, visit in told]

    def _visit(self, visit: VisitStory, now: float, lag_s: float) -> list[Row]:
        decided = visit.decided_at(self._story.rules) + lag_s <= now
        head = _numbered(visit, DOES[visit.visit.kind], "bold")
        rows: list[Row] = [(head, self._state(visit, now))]
        rows += self._hands(visit, now, lag_s)
        after = [*self._orders(visit), *self._losses(visit, decided)]
        found = [self._lines(case, visit, decided) for case in visit.cases.values()]
        rows += zip_longest(after, found, fillvalue=Text())
        return rows

    def _state(self, visit: VisitStory, now: float) -> Text:
        if visit.restock_report is not None:
            return Text("restock weighed and reported", TRUE)
        if visit.found:
            told = next(iter(visit.found.values()))
            return Text(self._words.visit(told), TRUE if told["state"] == "settled" else OPEN)
        if visit.hands_gone_at > now:
            return Text("somebody is there …", OPEN)
        return Text("nothing to settle" if not visit.visit.changes else "waiting …", QUIET)

    def _hands(self, visit: VisitStory, now: float, lag_s: float) -> list[Row]:
        pairs, extra = visit.pairs(now)
        rows = [(c.at, (self._hand(c), self._found(c, told, now, lag_s))) for c, told in pairs]
        rows += [
            (hand.at, (self._touch(hand.plate, self._words.hand(hand)), Text("no change", QUIET)))
            for hand in visit.hands
            if hand.sku is None
        ]
        ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
        return ordered + [(Text(), self._told(told, FALSE, "✗")) for told in extra]

    def _hand(self, change: TrueChange) -> Text:
        return self._touch(change.plate, self._words.moved(change.sku, change.quantity))

    def _touch(self, plate: str, what: str) -> Text:
        return Text.assemble((f"    {plate} ", QUIET), what)

    def _found(self, change: TrueChange, told: Told | None, now: float, lag_s: float) -> Text:
        if told is not None:
            return self._told(told, TRUE, "✓")
        if now < change.at + lag_s:
            return Text("  …", OPEN)
        return Text("✗ not found", FALSE)

    def _told(self, told: Told, style: str, mark: str) -> Text:
        grams = f"  {step_in_words(told)}"
        return Text.assemble(
            (f"{mark} {told['plate']} {self._words.change(told)}", style), (grams, QUIET)
        )

    def _orders(self, visit: VisitStory) -> Iterable[Text]:
        for name, order in visit.orders.items():
            if visit.is_restock:
                yield Text(f"    {self._words.restock(order)}", QUIET)
                continue
            style = {"paid": "cyan", "closed": "magenta"}.get(order["state"], OPEN)
            yield Text.assemble((f"    {name[-4:]} ", QUIET), (self._words.order(order), style))

    def _losses(self, visit: VisitStory, decided: bool) -> Iterable[Text]:
        """What was lost, once it can be known: the case comes at about the same time."""
        if not decided and not visit.cases:
            return
        for loss in visit.visit.losses:
            yield Text(f"    lost: {self._words.line(loss.line())}", "magenta")

    def _lines(self, case: Told, visit: VisitStory, decided: bool) -> Text:
        mark, style = _verdict(case, visit, decided)
        return Text(f"{mark} {self._words.case(case)}", style)

    def _case(self, case: Told, visit: VisitStory, now: float, lag_s: float) -> Row:
        decided = visit.decided_at(self._story.rules) + lag_s <= now
        mark, style = _verdict(case, visit, decided)
        line = _numbered(visit, f"{mark} {self._words.case(case)}", style)
        return line, Text(str(case["explanation"]), QUIET)


def _numbered(visit: VisitStory, what: str, style: str) -> Text:
    return Text.assemble((f"{visit.visit.number:>3} ", "bold cyan"), (what, style))


def _verdict(case: Told, visit: VisitStory, decided: bool) -> tuple[str, str]:
    """The mark and the style of a case."""
    if case["state"] == "closed":
        return "·", QUIET
    if all(visit.is_true(line) for line in case["lines"]):
        return "✓", TRUE
    return ("✗", FALSE) if decided else ("?", OPEN)
