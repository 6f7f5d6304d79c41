"""What a replay, or any other run, came to, in the words of a scenario's `expected.json`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Told = tuple[str, Mapping[str, Any]]
"""A topic and what was published there."""
SCENARIOS = Path(__file__).parent / "scenarios"
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/expected.json"))
# A busy morning tells more often; no single thing is worth more than this many revisions.
MOST_REVISIONS = 12
LEAST_PRECISION = LEAST_RECALL = 0.86


def expected(name: str) -> dict[str, Any]:
    """How a scenario must end."""
    found: dict[str, Any] = json.loads((SCENARIOS / name / "expected.json").read_text())
    return found


class Ending:
    """What is so at the end of all that was told."""

    def __init__(self, told: Iterable[Told]) -> None:
        self._by_key: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        self.reports: dict[str, Mapping[str, Any]] = {}
        keys = {"visits": "visit_id", "losses": "case_id", "changes": "change_id"}
        for topic, content in told:
            if topic in keys:
                self._by_key[topic, content[keys[topic]]].append(content)
            elif topic == "restock-reports":
                self.reports[content["restock_id"]] = content

    def _latest(self, topic: str) -> list[Mapping[str, Any]]:
        return [self._by_key[key][-1] for key in self._by_key if key[0] == topic]

    def compared(self, wanted: Mapping[str, Any], *, however: bool = False) -> dict[str, Any]:
        """The same parts of this ending as are in `wanted`; with `however`, `in_the_end`."""
        cases = self._latest("losses")
        found: dict[str, Any] = {
            "other_cases": [self._case(c) for c in cases if c["visit_id"] is None],
            "restock_reports": [
                self._report(self.reports[name], wanted) for name in sorted(self.reports)
            ],
        }
        if "visits" in wanted:
            found["visits"] = self._visits(wanted["visits"])
        parts = {key: wanted[key] for key in found}
        if however:
            # A report of a restock that was cancelled long after is out already.
            ids = {report["restock_id"] for report in wanted["restock_reports"]}
            reports = [r for r in found["restock_reports"] if r["restock_id"] in ids]
            found["restock_reports"] = reports
            found, parts = in_the_end(found), in_the_end(parts)
        trimmed: dict[str, Any] = _trimmed(found, parts)
        return trimmed

    def open_losses(self) -> Counter[str]:
        """Units in cases that are not closed, by SKU."""
        units: Counter[str] = Counter()
        for case in self._latest("losses"):
            if case["state"] != "closed" and case["visit_id"] is not None:
                for line in case["lines"]:
                    units[line["sku"] or "unidentified"] += line["quantity"]
        return units

    def _visits(self, wanted: list[Any]) -> list[dict[str, Any]]:
        cases = {case["visit_id"]: case for case in self._latest("losses")}
        visits = sorted(self._latest("visits"), key=lambda v: (v["started_at"], v["visit_id"]))
        # What was told of a visit that has turned out to be none is taken back: it is empty.
        if len(visits) > len(wanted):
            short = {v for v, case in cases.items() if case["state"] != "closed"}
            visits = [v for v in visits if v["changes"] or v["visit_id"] in short]
        return [
            {
                "state": visit["state"],
                "taken": _goods(visit["taken"]),
                "paid": _by_payment(visit["paid"]),
                "paid_not_taken": _by_payment(visit["paid_not_taken"]),
                "case": self._case(cases[visit["visit_id"]])
                if visit["visit_id"] in cases
                else None,
            }
            for visit in visits
        ]

    def _case(self, case: Mapping[str, Any]) -> dict[str, Any]:
        told = self._by_key["losses", case["case_id"]]
        states = [each["state"] for each in told]
        # A closed case keeps saying what it was about; of which kind that was no longer matters.
        about = ("sku", "quantity", "value")
        keys = about if case["state"] == "closed" else ("kind", *about, "paid_as")
        return {
            "state": case["state"],
            "resolution": case["resolution"],
            "lines": sorted(
                ({key: line.get(key) for key in keys} for line in case["lines"]),
                key=lambda line: (line.get("kind", ""), line["sku"] or ""),
            ),
            "value": case["value"],
            "history": [s for i, s in enumerate(states) if i == 0 or s != states[i - 1]],
        }

    @staticmethod
    def _report(content: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Sums by SKU, of those that the scenario speaks of."""
        name = content["restock_id"]
        named: set[str] = set()
        for report in wanted["restock_reports"]:
            if report["restock_id"] == name:
                named = set(report["goods"])
        goods: dict[str, dict[str, int]] = {}
        for line in content["lines"]:
            if line["sku"] in named:
                sums = goods.setdefault(line["sku"], {"ordered": 0, "weighed": 0})
                sums["ordered"] += line["ordered"]
                sums["weighed"] += line["weighed"]
        return {"restock_id": name, "goods": goods}

    def odd_revisions(self) -> list[str]:
        """What was revised too often, out of turn, or without anything new."""
        odd: list[str] = []
        for (topic, key), told in self._by_key.items():
            numbers = [content["revision"] for content in told]
            contents = [{k: v for k, v in c.items() if k != "revision"} for c in told]
            if numbers != sorted(set(numbers)) or numbers[0] < 1:
                odd.append(f"{topic} {key}: revisions {numbers}")
            elif len(told) > MOST_REVISIONS:
                odd.append(f"{topic} {key}: {len(told)} revisions")
            odd += [
                f"{topic} {key}: revision {numbers[i + 1]} says nothing new"
                for i in range(len(told) - 1)
                if contents[i] == contents[i + 1]
            ]
        return odd


def _goods(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    goods: Counter[str] = Counter()
    for item in items:
        goods[item["sku"]] += item["quantity"]
    return dict(goods)


def _by_payment(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    paid: dict[str, dict[str, int]] = defaultdict(dict)
    for item in items:
        paid[item["payment_id"]][item["sku"]] = item["quantity"]
    return dict(paid)


def _trimmed(found: Any, wanted: Any) -> Any:
    """What was found, without the keys that nothing is wanted of."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        # Goods and payments are compared whole; only records leave keys out.
        record = not {"state", "sku", "other_cases"}.isdisjoint(wanted)
        keys = [key for key in found if key in wanted or not record]
        return {key: _trimmed(found[key], wanted.get(key)) for key in keys}
    if isinstance(found, list) and isinstance(wanted, list):
        rest = [None] * max(0, len(found) - len(wanted))
        pairs = zip(found, [*wanted, *rest], strict=False)
        return [_trimmed(a, b) for a, b in pairs]
    return found


def in_the_end(ending: Any) -> Any:
    """The same ending, however it came about: a case that news has closed is like none."""
    if isinstance(ending, list):
        kept = [in_the_end(each) for each in ending]
        return [each for each in kept if each is not None]
    if not isinstance(ending, dict):
        return ending
    if "resolution" in ending and ending["state"] == "closed":
        return None
    return {key: in_the_end(each) for key, each in ending.items() if key != "history"}


def ends(
    told: Iterable[Told], wanted: Mapping[str, Any], *, however: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was told as it ended, and as it must end: the same where all is well.

    With `however` the way there does not matter. Of `losses` a few may be others.
    """
    ending = Ending(told)
    parts = {key: wanted[key] for key in wanted if key in _COMPARED}
    must: dict[str, Any] = in_the_end(parts) if however else parts
    found = ending.compared(wanted, however=however)
    found, must = found | {"odd": ending.odd_revisions()}, must | {"odd": []}
    if "losses" in wanted:
        true, lost = Counter(wanted["losses"]), ending.open_losses()
        right = (true & lost).total()
        enough = max(LEAST_RECALL * true.total(), LEAST_PRECISION * lost.total())
        found, must = found | {"losses": true if right >= enough else lost}, must | {"losses": true}
    return found, must


_COMPARED = ("other_cases", "restock_reports", "visits")
