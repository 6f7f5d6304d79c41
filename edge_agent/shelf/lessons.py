"""Which changes teach what units weigh: those that a payment or an order has confirmed.

What the shelf learns, it learns within bounds; what lies beyond them it suggests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from edge_agent.shelf.catalogue import Catalogue, Product
from edge_agent.shelf.facts import TaughtFact
from edge_agent.shelf.learning import (
    ODD_KEPT,
    Learned,
    Suggestion,
    begin,
    is_for,
    is_worth_keeping,
    learn,
    suggest,
)
from edge_agent.shelf.orders import end_of
from edge_agent.shelf.reckoned import Account
from edge_agent.shelf.restocks import arrived
from edge_agent.shelf.state import Change, Output, Restock, Rules, ShelfState

# Surer than it must be to count: one wrong lesson costs more than one right one helps.
SURE_TO_LEARN = 0.98
# What was paid as a product and weighs so many times as much may be a new size of it; what nobody
# says anything of, less so.
PAID_RATIO, PLACED_RATIO = (0.4, 2.5), (0.6, 1.6)


def learn_from_visit(state: ShelfState, account: Account, rules: Rules) -> list[Output]:
    """Take in what a visit's paid changes say of their goods' weights; each is taken once.

    Only when no payment can come any more: what is learned must not depend on which came first.
    """
    visit = account.visit
    if visit.unobserved or state.now <= visit.ended_at + rules.late_s:
        return []
    waiting = [c for c in account.changes if not (c.taught or c.by_sight) and c.delta_g < 0]
    if not waiting:
        return []
    paid = Counter(
        u.change_id
        for u in account.gone
        if u.key in account.paid and account.paid[u.key].refunded_at is None
    )
    outputs: list[Output] = []
    for change in waiting:
        if len(change.counted) == 1 and paid[change.change_id] == abs(change.counted[0][1]):
            outputs += _take(state, change)
    return outputs + _learn_from_unidentified(state, account)


def learn_from_restock(
    state: ShelfState, restock: Restock, changes: Sequence[Change], rules: Rules
) -> list[Output]:
    """Take in what a restock long over brought, of those products that came as ordered."""
    ended_at = end_of(restock)
    if ended_at is None or state.now <= ended_at + rules.late_s:
        return []
    ordered: Counter[str] = Counter()
    for line in restock.order.lines:
        ordered[line.sku] += line.quantity
    came: Counter[str] = Counter()
    for (sku, _), quantity in arrived(changes).items():
        came[sku] += quantity
    outputs: list[Output] = []
    for change in changes:
        if change.taught or change.by_sight or change.delta_g <= 0:
            continue
        skus = [sku for sku, _ in change.counted]
        if len(skus) == 1 and came[skus[0]] == ordered[skus[0]]:
            outputs += _take(state, change)
    return outputs


def use_catalogue(state: ShelfState, catalogue: Catalogue, at: float) -> list[Output]:
    """Use other products; what was learned of one whose weight or spread is new is dropped."""
    former = state.catalogue.products
    state.catalogue = catalogue
    outputs: list[Output] = []
    for sku in sorted({*state.learned, *state.odd_g}):
        before, after = former.get(sku), catalogue.products.get(sku)
        if before is None or after is None or _figures(before) != _figures(after):
            outputs += _forget(state, sku, at, "catalogue")
    return outputs


def _figures(product: Product) -> tuple[float | None, float]:
    return product.weight_g, product.weight_sd_g


def teach(state: ShelfState, fact: TaughtFact) -> list[Output]:
    """Take a product as a person has just weighed it, or forget what its sales taught."""
    outputs = _forget(state, fact.sku, fact.at, "taught" if fact.product else "reset")
    if fact.product is not None:
        product, known = fact.product, state.catalogue.products.get(fact.sku)
        if known is not None:
            # Who teaches says what a unit weighs; what it is called and costs is known.
            product = replace(product, name=known.name, price=known.price)
        products = {**state.catalogue.products, fact.sku: product}
        plates = dict(state.catalogue.plates)
        if fact.plate in plates and fact.sku not in plates[fact.plate]:
            plates[fact.plate] = (*plates[fact.plate], fact.sku)
        state.assortment.substitute(Catalogue(state.catalogue.version, products, plates))
        state.catalogue = state.assortment.newest()
    return outputs


def suggestions(state: ShelfState) -> dict[str, Suggestion]:
    """Products whose last odd units weigh alike: of a new package size, it seems."""
    found: dict[str, Suggestion] = {}
    for sku, odd_g in sorted(state.odd_g.items()):
        product = state.catalogue.products.get(sku)
        suggestion = suggest(odd_g, product) if product is not None else None
        if suggestion is not None:
            found[sku] = suggestion
    return found


def _take(state: ShelfState, change: Change) -> list[Output]:
    """Learn from one confirmed change of one product."""
    state.changes[change.change_id] = replace(change, taught=True)
    ((sku, quantity),) = change.counted
    _note_odd(state, change, sku, abs(quantity), PAID_RATIO)
    # What the weight left open, a payment may have settled wrongly.
    if change.items != change.counted or change.hypotheses[0].confidence < SURE_TO_LEARN:
        return []
    return _take_units(state, change, sku, abs(quantity)) or []


def _take_units(state: ShelfState, change: Change, sku: str, units: int) -> list[Output] | None:
    """Learn that a change was so many units of a product; None where they weigh something else."""
    known = _known(state, sku)
    if known is None:
        return []
    grown = learn(known, abs(change.delta_g), units, change.sigma_g)
    if grown is None:
        return None
    # Goods of the usual weight are sold again: what was odd is one less.
    if sku in state.odd_g:
        state.odd_g[sku] = state.odd_g[sku][1:]
    outputs: list[Output] = []
    if is_worth_keeping(grown):
        grown = replace(grown, kept_g=grown.mean_g, kept_units=grown.units)
        outputs.append(_lesson(grown, state.now, "confirmed"))
    state.learned[sku] = grown
    return outputs


def _known(state: ShelfState, sku: str) -> Learned | None:
    """What is known of a product's weight, if only by the catalogue."""
    product, known = state.catalogue.products.get(sku), state.learned.get(sku)
    if product is None:
        return None
    return known if known is not None and is_for(known, product) else begin(product)


def _learn_from_unidentified(state: ShelfState, account: Account) -> list[Output]:
    """Take in what left unidentified where somebody says what it was: a payment, or else the
    planogram. What does not weigh like it is remembered as odd."""
    spare = [p for p in account.surplus if p.refunded_at is None]
    odd = [u for u in account.gone if u.sku is None and u.key not in account.paid]
    outputs: list[Output] = []
    for unit in odd:
        change = state.changes[unit.change_id]
        if change.taught:
            continue
        state.changes[unit.change_id] = change = replace(change, taught=True)
        placed = state.catalogue.plates.get(change.plate, ())
        paid = [p.sku for p in spare if p.sku in placed] if len(odd) == 1 else []
        if paid and len(set(paid)) == 1:
            lessons = _take_units(state, change, paid[0], len(paid))
            outputs += lessons or []
            if lessons is None:
                _note_odd(state, change, paid[0], len(paid), PAID_RATIO)
        elif len(placed) == 1 and not paid:
            _note_odd(state, change, placed[0], 1, PLACED_RATIO)
    return outputs


def _note_odd(
    state: ShelfState, change: Change, sku: str, units: int, ratio: tuple[float, float]
) -> None:
    """Remember what units weigh that are said to be a product, if they can be one at all."""
    known = _known(state, sku)
    each_g = abs(change.delta_g) / units
    if known is None or not ratio[0] <= each_g / known.base_g <= ratio[1]:
        return
    if learn(known, abs(change.delta_g), units, change.sigma_g) is None:
        state.odd_g[sku] = (*state.odd_g.get(sku, ()), round(each_g, 2))[-ODD_KEPT:]


def _forget(state: ShelfState, sku: str, at: float, reason: str) -> list[Output]:
    state.odd_g.pop(sku, None)
    known = state.learned.pop(sku, None)
    return [] if known is None else [_lesson(known, at, reason)]


def _lesson(known: Learned, at: float, reason: str) -> Output:
    payload = {
        "sku": known.sku,
        "reason": reason,
        "weight_g": round(known.weight_g, 3),
        "sd_g": round(known.sd_g, 3),
        "units": known.units,
        "catalogue_g": known.base_g,
    }
    return Output("lessons", "shelf.lesson", known.sku, at, payload, audience="shelf")
