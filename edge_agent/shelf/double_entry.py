"""The ledger of units: every product's units by account, in double entries that sum to zero.

Accounts hold units by SKU: `plate:<id>` what stands there; `customer` what people took and have not
decided on (less what they brought); `sold`, `lost`; `written_off` what a restock took out as
ordered and losses that an operator has dismissed; `restocked` what restocks brought, as a negative
number, as are `opening`, what a first count found, and `unexplained`, what recounts, goods that
moved unobserved and weights corrected. An entry moves units from one account to another; nothing is
ever altered, what turns out otherwise is moved back and entered anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Position = Mapping[tuple[str, str], int]

Reason = Literal[
    "opening",
    "taken",
    "put_back",
    "paid",
    "payment_undone",
    "not_paid",
    "paid_late",
    "refunded",
    "reopened",
    "dismissed",
    "restocked",
    "carried_off",
    "written_off",
    "counted",
    "recounted",
    "unobserved",
    "never_decided",
    "explained",
    "corrected",
    "decided_anew",
]

PLATE = "plate:"
CUSTOMER, SOLD, LOST = "customer", "sold", "lost"
RESTOCKED, WRITTEN_OFF = "restocked", "written_off"
OPENING, UNEXPLAINED = "opening", "unexplained"
# Documents that no change stands behind, by what their name begins with.
OPENED, COUNTED, RECOUNTED = "opening:", "count:", "recount:"


@dataclass(frozen=True, slots=True)
class Entry:
    """`units` (positive) of a product go from account `source` to account `target`.

    `about` is the change, or the count of a plate, that they belong to; `reverses`: it takes back
    what was entered of it before.
    """

    sku: str
    units: int
    source: str
    target: str
    reason: Reason
    about: str
    reverses: bool = False


def post(before: Mapping[str, Position], after: Mapping[str, Position]) -> tuple[Entry, ...]:
    """Return the entries that lead from what the ledger says of documents to what it should say.

    Positions are units by (SKU, account), by document; each product's sum is zero. Units that went
    from or to a plate otherwise than entered are moved back first. Raises ValueError where a
    position has a sum.
    """
    entries: list[Entry] = []
    for about, position in after.items():
        former = before.get(about, {})
        for sku in sorted({sku for sku, _ in (*former, *position)}):
            entries += _Posting(about, sku, _of(former, sku), _of(position, sku)).entries()
    return tuple(entries)


def _of(position: Position, sku: str) -> dict[str, int]:
    units = {account: n for (s, account), n in position.items() if s == sku and n}
    if sum(units.values()):
        raise ValueError(f"units of {sku!r} do not sum to zero: {units}")
    return units


@dataclass(frozen=True, slots=True)
class _Posting:
    """One product of one document, as it is entered and as it should be; units by account."""

    about: str
    sku: str
    before: Mapping[str, int]
    after: Mapping[str, int]

    def entries(self) -> Iterator[Entry]:
        """Correct what went over the plate's edge, then decide what became of it."""
        now = Counter(self.before)
        for plate in sorted(a for a in {*self.before, *self.after} if a.startswith(PLATE)):
            was, is_now = self.before.get(plate, 0), self.after.get(plate, 0)
            if was == is_now:
                continue
            if was:
                between = _between(self.before)
                if now[between] != -was:
                    yield from self._settle(now, {plate: was, between: -was}, reverses=True)
                yield self._move(now, between, plate, -was, reverses=True)
            if is_now:
                yield self._move(now, _between(self.after), plate, is_now)
        yield from self._settle(now, self.after)

    def _move(
        self, now: Counter[str], source: str, target: str, units: int, *, reverses: bool = False
    ) -> Entry:
        if units < 0:
            source, target, units = target, source, -units
        now[source] -= units
        now[target] += units
        reason = _reason(source, target, self.about, reverses=reverses)
        return Entry(self.sku, units, source, target, reason, self.about, reverses)

    def _settle(
        self, now: Counter[str], wanted: Mapping[str, int], *, reverses: bool = False
    ) -> Iterator[Entry]:
        """Move units between accounts until each has what is wanted."""
        while True:
            apart = {a: now[a] - wanted.get(a, 0) for a in sorted({*now, *wanted})}
            source = next((a for a, n in apart.items() if n > 0), None)
            target = next((a for a, n in apart.items() if n < 0), None)
            if source is None or target is None:
                return
            units = min(apart[source], -apart[target])
            yield self._move(now, source, target, units, reverses=reverses)


def _between(units: Mapping[str, int]) -> str:
    """The account through which units come onto a plate or leave it."""
    accounts = {account for account in units if not account.startswith(PLATE)}
    for only in (OPENING, UNEXPLAINED):
        if accounts == {only}:
            return only
    return RESTOCKED if accounts and accounts <= {RESTOCKED, WRITTEN_OFF} else CUSTOMER


_REASONS: dict[tuple[str, str], Reason] = {
    (PLATE, CUSTOMER): "taken",
    (CUSTOMER, PLATE): "put_back",
    (CUSTOMER, SOLD): "paid",
    (SOLD, CUSTOMER): "payment_undone",
    (CUSTOMER, LOST): "not_paid",
    (LOST, SOLD): "paid_late",
    (SOLD, LOST): "refunded",
    (LOST, CUSTOMER): "reopened",
    (CUSTOMER, WRITTEN_OFF): "dismissed",
    (LOST, WRITTEN_OFF): "dismissed",
    (RESTOCKED, PLATE): "restocked",
    (PLATE, RESTOCKED): "carried_off",
    (RESTOCKED, WRITTEN_OFF): "written_off",
    (OPENING, PLATE): "opening",
    (PLATE, OPENING): "opening",
    (UNEXPLAINED, PLATE): "unobserved",
    (PLATE, UNEXPLAINED): "unobserved",
    (CUSTOMER, UNEXPLAINED): "never_decided",
    (UNEXPLAINED, CUSTOMER): "explained",
    (UNEXPLAINED, SOLD): "explained",
    (UNEXPLAINED, LOST): "explained",
}


def _reason(source: str, target: str, about: str, *, reverses: bool) -> Reason:
    if reverses:
        return "corrected"
    if about.startswith(COUNTED):
        return "counted"
    if about.startswith(RECOUNTED):
        return "recounted"
    ends = tuple(PLATE if account.startswith(PLATE) else account for account in (source, target))
    return _REASONS.get((ends[0], ends[1]), "decided_anew")
