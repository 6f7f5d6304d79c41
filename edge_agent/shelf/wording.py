"""The one sentence that a case says: what was taken, what was paid, what is missing, how sure.

It tells what the shelf saw and what it knows of payments, and accuses nobody. It depends on the
facts alone, not on the moment it is asked: the same facts make the same sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_agent.shelf import phrases
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.findings import Finding
from edge_agent.shelf.identify import Hypothesis
from edge_agent.shelf.loss_lines import LossLine
from edge_agent.shelf.payments import Payment
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.state import CaseState, Restock, Rules, ShelfState
from edge_agent.shelf.units import Unit

# Kinds that are told together: the units are gone, and no payment has them.
_PLAIN = ("unpaid", "underpaid", "feigned", "unobserved")


def explain(
    lines: Sequence[LossLine],
    account: Account,
    finding: Finding,
    state: ShelfState,
    rules: Rules,
    stage: CaseState,
) -> str:
    """The sentence of a visit's case that has lines; `stage` is the state it will be told in."""
    story = _Story(account, finding, state.catalogue, rules.currency)
    paid = [part for part in (story.paid(lines), _came_to_nothing(finding, state.payments)) if part]
    if not paid and any(line.kind in _PLAIN for line in lines):
        paid = ["no payment has come"]
    told = "; ".join([story.taken(), *paid])
    sure = phrases.sureness(line.confidence for line in lines if line.sku)
    waits = _awaited(finding, state) if stage == "provisional" else ""
    return _sentence(f"{told}: {story.missing(lines)}", sure, waits)


def explain_restock(
    lines: Sequence[LossLine], restock: Restock, state: ShelfState, rules: Rules
) -> str:
    """The sentence of a restock that came short."""
    short: Counter[str] = Counter()
    for line in lines:
        short[line.sku] += line.quantity
    over = restock.finished_at
    until = f" by {phrases.clock(over)} UTC" if over is not None else ""
    told = (
        f"{phrases.goods(short, state.catalogue)} {phrases.were(short.total())} ordered with "
        f"restock {restock.order.restock_id} and had not reached any plate{until}"
    )
    value = phrases.money(sum(line.value for line in lines), rules.currency)
    return _sentence(f"{told}: {value} is missing", phrases.sureness(x.confidence for x in lines))


def _sentence(*parts: str) -> str:
    whole = "; ".join(part for part in parts if part)
    return f"{whole[:1].upper()}{whole[1:]}."


@dataclass(frozen=True, slots=True)
class _Story:
    """The parts of a visit's sentence."""

    account: Account
    finding: Finding
    catalogue: Catalogue
    currency: str

    def taken(self) -> str:
        """What left, from where and when."""
        gone = self.account.gone
        where = phrases.plates(unit.plate for unit in gone)
        left = f"{self._things(gone)} left {where}"
        begin = min((u.taken_from for u in gone), default=self.account.visit.started_at)
        end = max((u.taken_at for u in gone), default=self.account.visit.ended_at)
        if self.account.visit.unobserved:
            return f"{left} while nobody was watching, {phrases.stretch(begin, end)}"
        first = min((u.taken_at for u in gone), default=end)
        return f"{left} {phrases.stretch(first, end)}"

    def paid(self, lines: Sequence[LossLine]) -> str:
        """What was paid, by payment: of what left, and in its place; empty for nothing."""
        carts: dict[str, Counter[str]] = {}
        for unit in self.account.gone:
            paid = self.account.paid.get(unit.key)
            if paid is not None:
                carts.setdefault(paid.payment_id, Counter())[paid.sku] += 1
        parts = self._carts(carts, "")
        if any(line.kind == "substituted" for line in lines):
            for some, aside in (
                (self.account.surplus, ", which did not leave,"),
                (self.account.doubtful, ", which had left in another visit,"),
            ):
                instead: dict[str, Counter[str]] = {}
                for paid in some:
                    instead.setdefault(paid.payment_id, Counter())[paid.sku] += 1
                parts += self._carts(instead, aside)
        return phrases.enumerated(parts)

    def missing(self, lines: Sequence[LossLine]) -> str:
        """What is not paid of it, kind by kind."""
        plain = [line for line in lines if line.kind in _PLAIN and line.sku]
        parts = [self._plain(plain)] if plain else []
        instead = [line for line in lines if line.kind == "substituted"]
        parts += [self._difference(instead)] if instead else []
        told = (*plain, *instead)
        parts += [self._line(line) for line in lines if line not in told]
        return "; ".join(dict.fromkeys(parts))

    def _carts(self, carts: Mapping[str, Counter[str]], aside: str) -> list[str]:
        parts: list[str] = []
        for payment_id, cart in carts.items():
            verb = "" if parts else f"{aside} {phrases.were(cart.total())} paid"
            parts.append(f"{phrases.goods(cart, self.catalogue)}{verb} ({payment_id})")
        return parts

    def _things(self, gone: Sequence[Unit]) -> str:
        known = Counter(unit.sku for unit in gone if unit.sku is not None)
        things = [f"{count} × {self.catalogue.name(sku)}" for sku, count in known.items()]
        return phrases.enumerated([*things, *(self._unknown(u) for u in gone if u.sku is None)])

    def _unknown(self, unit: Unit) -> str:
        return phrases.unknown_thing(unit, self._explanations(unit), self.catalogue)

    def _explanations(self, unit: Unit) -> tuple[Hypothesis, ...]:
        changes = {change.change_id: change for change in self.account.changes}
        change = changes.get(unit.change_id)
        return change.hypotheses if change is not None else ()

    def _difference(self, lines: Sequence[LossLine]) -> str:
        missing, value = self._sum(lines)
        return f"the difference for {phrases.goods(missing, self.catalogue)}, {value}, is missing"

    def _sum(self, lines: Sequence[LossLine]) -> tuple[Counter[str], str]:
        """Units by SKU and their value together."""
        missing: Counter[str] = Counter()
        for line in lines:
            missing[line.sku] += line.quantity
        return missing, phrases.money(sum(line.value for line in lines), self.currency)

    def _plain(self, lines: Sequence[LossLine]) -> str:
        missing, value = self._sum(lines)
        if missing.total() == len(self.account.gone):
            return f"{value} is missing"
        few = phrases.are(missing.total())
        return f"{phrases.goods(missing, self.catalogue)}, {value}, {few} missing"

    def _line(self, line: LossLine) -> str:
        kind: str = line.kind
        if kind == "unidentified" or not line.sku:
            return self._unidentified(line)
        what = f"{line.quantity} × {line.name}"
        value = phrases.money(line.value, self.currency)
        if kind == "refunded":
            was, has = phrases.were(line.quantity), phrases.have(line.quantity)
            by = self._payments_of(line)
            return f"{what}, {value}, {was} refunded as returned{by} and {has} not come back so far"
        missing = f"{what}, {value}, {phrases.are(line.quantity)} missing"
        if kind == "swapped":
            return f"{missing}, and something else of about the same weight stands in the place"
        return missing

    def _unidentified(self, line: LossLine) -> str:
        things = [u for u in self.account.gone if u.sku is None and u.plate == line.plate]
        weights = phrases.enumerated(
            ["thing seen" if u.by_sight else f"{abs(u.delta_g):.1f} g" for u in things]
        )
        if any(self._explanations(unit) for unit in things):
            return f"which product the {weights} were is not certain, so no value is set"
        return f"the {weights or 'weight'} fit no product, so no value is set"

    def _payments_of(self, line: LossLine) -> str:
        """The payments that a line has to do with, in brackets."""
        found = {
            missing.payment_id
            for missing in self.finding.missing
            if missing.payment_id is not None
            and (missing.kind, missing.unit.sku or "") == (line.kind, line.sku)
        }
        return f" ({phrases.enumerated(sorted(found))})" if found else ""


def _came_to_nothing(finding: Finding, payments: Mapping[str, Payment]) -> str:
    """The payments without money that were begun for these goods, by how they ended."""
    parts: list[str] = []
    for payment_id in finding.payments:
        payment = payments.get(payment_id)
        if payment is None or payment.has_paid:
            continue
        if payment.state == "pending":
            parts.append(f"payment {payment_id} is pending")
        elif payment.state == "opened":
            parts.append(f"payment {payment_id} was begun and has not been completed")
        else:
            parts.append(f"payment {payment_id} was begun and ended without money")
    return phrases.enumerated(parts)


def _awaited(finding: Finding, state: ShelfState) -> str:
    """Which facts are missing, for a finding that is provisional."""
    reasons: list[str] = []
    if finding.waits_for_payment:
        pending = [
            p for p in finding.payments if p in state.payments and not state.payments[p].is_final
        ]
        reasons.append(f"payment {phrases.enumerated(pending)} to end")
    if not state.clock_trusted:
        reasons.append("the shelf's clock to be set")
    if not reasons:
        # One wording for a cloud that is away and one that is just back: else each such edge
        # would be a revision that says nothing new.
        reasons.append("news of payments from the cloud, which was out of reach")
    return f"provisional, waiting for {phrases.enumerated(reasons)}"
