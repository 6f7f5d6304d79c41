"""The end of a demo: what really happened against what the agent found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.simulation.story import LineKey, Story, VisitStory, told_lines, true_lines


@dataclass(frozen=True, slots=True)
class Sum:
    """Units and their value in minor units."""

    units: int = 0
    value: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.units + other.units, self.value + other.value)

    def as_dict(self) -> dict[str, int]:
        """The two numbers as JSON has them."""
        return {"units": self.units, "value": self.value}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that the agent got wrong: `missing`, `false` or `twice`, in which visit."""

    how: str
    visit: int | None
    kind: str
    sku: str | None
    quantity: int
    value: int

    def as_dict(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return {
            "how": self.how,
            "visit": self.visit,
            "kind": self.kind,
            "sku": self.sku,
            "quantity": self.quantity,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """How many, or how much, really and as found."""

    really: int
    found: int

    def as_dict(self) -> dict[str, int]:
        """The two numbers as JSON has them."""
        return {"really": self.really, "found": self.found}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison over all visits that were decided; `undecided` are left out of it.

    Lines are lines of cases: `true_lines` were told as they are, `wrong` were not.
    """

    visits: Pair
    taken: Pair
    put_back: Pair
    changes: Pair
    right_changes: int
    losses_really: dict[str, Sum]
    losses_found: dict[str, Sum]
    true_lines: int
    wrong: tuple[Wrong, ...]
    undecided: int
    restocks: Pair

    def count(self, how: str) -> int:
        """How many lines are `missing`, `false` or told `twice`."""
        return sum(w.how == how for w in self.wrong)

    @property
    def is_right(self) -> bool:
        """Every case true, none missing, none twice."""
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; money in minor units."""
        return {
            "right": self.is_right,
            "visits": self.visits.as_dict(),
            "undecided_visits": self.undecided,
            "units_taken": self.taken.as_dict(),
            "units_put_back": self.put_back.as_dict(),
            "changes": {**self.changes.as_dict(), "right": self.right_changes},
            "restocks": self.restocks.as_dict(),
            "losses": {
                kind: {
                    "really": self.losses_really.get(kind, Sum()).as_dict(),
                    "found": self.losses_found.get(kind, Sum()).as_dict(),
                }
                for kind in sorted({*self.losses_really, *self.losses_found})
            },
            "cases": {
                "true": self.true_lines,
                **{how: self.count(how) for how in ("false", "missing", "twice")},
            },
            "wrong": [w.as_dict() for w in self.wrong],
        }


def judge(story: Story, decided_until: float) -> Verdict:
    """Compare every visit whose last word was spoken by `decided_until`, Unix seconds."""
    decided, undecided = _split(story, decided_until)
    wrong = [w for visit in decided for w in _wrong_lines(visit)]
    wrong += [
        Wrong("false", None, line["kind"], line["sku"], line["quantity"], line["value"])
        for case in story.strays.values()
        if "case_id" in case and "lines" in case and case["state"] != "closed"
        for line in case["lines"]
    ]
    shoppers = [visit for visit in decided if not visit.is_restock]
    restocks = [visit for visit in decided if visit.is_restock]
    pairs = [visit.pairs() for visit in decided]
    true_total = sum(true_lines(v.visit.losses).total() for v in decided)
    return Verdict(
        visits=Pair(
            sum(bool(v.visit.changes) for v in shoppers),
            sum(len(v.found) for v in shoppers),
        ),
        taken=_units(shoppers, -1),
        put_back=_units(shoppers, 1),
        changes=Pair(
            sum(len(p) for p, _ in pairs),
            sum(len(v.standing_changes()) for v in decided) + _stray_changes(story),
        ),
        right_changes=sum(told is not None for p, _ in pairs for _, told in p),
        losses_really=_sums((x.kind, x.quantity, x.value) for v in decided for x in v.visit.losses),
        losses_found=_sums(
            (x["kind"], x["quantity"], x["value"]) for v in decided for x in v.standing_lines()
        ),
        true_lines=true_total - sum(w.how == "missing" for w in wrong),
        wrong=tuple(wrong),
        undecided=len(undecided),
        restocks=Pair(len(restocks), sum(v.restock_report is not None for v in restocks)),
    )


def _split(story: Story, until: float) -> tuple[list[VisitStory], list[VisitStory]]:
    decided = [v for v in story.visits if v.decided_at(story.rules) <= until]
    return decided, [v for v in story.visits if v.decided_at(story.rules) > until]


def _wrong_lines(visit: VisitStory) -> list[Wrong]:
    true = true_lines(visit.visit.losses)
    told = told_lines(visit.standing_lines())
    known = {(kind, sku) for kind, sku, _, _ in true & told}
    wrong = [_as_wrong("missing", visit, key) for key in (true - told).elements()]
    for key in (told - true).elements():
        how = "twice" if (key[0], key[1]) in known else "false"
        wrong.append(_as_wrong(how, visit, key))
    return wrong


def _stray_changes(story: Story) -> int:
    return sum(
        "change_id" in told and told["kind"] != "withdrawn" for told in story.strays.values()
    )


def _as_wrong(how: str, visit: VisitStory, key: LineKey) -> Wrong:
    kind, sku, quantity, value = key
    return Wrong(how, visit.visit.number, kind, sku, quantity, value)


def _units(visits: Sequence[VisitStory], sign: int) -> Pair:
    """Units that moved in one direction: -1 taken, 1 put."""
    really = sum(abs(c.quantity) for v in visits for c in v.visit.changes if c.quantity * sign > 0)
    found = sum(
        abs(item["quantity"])
        for v in visits
        for told in v.standing_changes()
        for item in told["items"]
        if item["quantity"] * sign > 0
    )
    return Pair(really, found)


def _sums(lines: Iterable[tuple[str, int, int]]) -> dict[str, Sum]:
    sums: dict[str, Sum] = {}
    for kind, quantity, value in lines:
        sums[kind] = sums.get(kind, Sum()) + Sum(quantity, value)
    return sums
