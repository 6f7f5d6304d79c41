"""A Monday morning as facts: 60 removals and 30 payments in five minutes, ten people do not pay.

The goods are the demonstration shop's. Each unit has a weight of its own, each measurement its
noise; hands of several people are at the shelf at once, each pays within a minute of his last hand,
some before the first, some for something else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from edge_agent.settings import Settings
from edge_agent.shelf.facts import ChangeFact, Fact, LevelsFact, PaymentFact
from edge_agent.shelf.payments import Payment, PaymentLine
from edge_agent.simulation.chance import stream
from edge_agent.simulation.recording import MIDNIGHT_AT, MORNING_S
from edge_agent.truth import TrueLoss
from edge_agent.weighing.change import WeightChange, change_id

REMOVALS, PEOPLE, PAYING, LASTS_S = 60, 40, 30, 300.0
# Of those who pay: how many leave one of several goods out, or pay a cheaper one instead.
UNDERPAID, SUBSTITUTED = 0.1, 0.05
PAYS_AHEAD = 0.15
SIGMA_G = 0.12
SAME_PLATE_S = 1.6
LEVEL_G = 3000.0
MONDAY_AT = MIDNIGHT_AT + MORNING_S
HISTORY_EVERY_S = 120.0
HISTORY_UNPAID = 0.1


@dataclass(frozen=True, slots=True)
class Morning:
    """The facts in the order of their time, and what was really lost."""

    facts: list[Fact]
    losses: list[TrueLoss]


class Stage:
    """Makes facts of what people do at a shelf."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self.rng = rng
        self.facts: list[Fact] = []
        self.losses: list[TrueLoss] = []
        self.products = {p.sku: p for p in settings.product}
        self.home = {sku: p.id for p in settings.plate for sku in p.products}
        self.skus = sorted(self.home)
        self._free_at: dict[str, float] = {}
        self._level_g = dict.fromkeys(sorted(set(self.home.values())), LEVEL_G)
        self._orders = 0

    def begin(self, at: float) -> None:
        """The plates tell their first levels."""
        self.facts.append(LevelsFact(at, dict(self._level_g)))

    def take(self, sku: str, at: float) -> float:
        """One unit leaves, at `at` or as soon as the plate has rested; returns when it has."""
        plate, product = self.home[sku], self.products[sku]
        at = max(at, self._free_at.get(plate, 0.0))
        self._free_at[plate] = at + SAME_PLATE_S
        grams = product.weight_g or 0.0
        delta_g = -float(self.rng.normal(grams, product.weight_sd_g) + self.rng.normal(0, SIGMA_G))
        self._level_g[plate] += delta_g
        started_at = at - 0.8
        change = WeightChange(
            change_id(plate, started_at), 1, plate, started_at, at, delta_g, SIGMA_G,
            self._level_g[plate], told_at=at + 0.4,
        )  # fmt: skip
        self.facts.append(ChangeFact(at + 0.4, change))
        return at

    def pay(self, goods: list[str], opened_at: float) -> float:
        """An order of these is opened and paid; returns when it is paid."""
        self._orders += 1
        paid_at = opened_at + float(self.rng.uniform(4.0, 15.0))
        lines = tuple(
            PaymentLine(sku, units, self.products[sku].price)
            for sku, units in sorted(Counter(goods).items())
        )
        total = sum(line.quantity * line.unit_price for line in lines)
        payment = Payment(
            f"P{self._orders:05d}", 2, "paid", paid_at, opened_at, paid_at, None, lines,
            total, (), total,
        )  # fmt: skip
        self.facts.append(PaymentFact(paid_at + float(self.rng.exponential(0.4)) + 0.1, payment))
        return paid_at

    def lose(self, kind: str, goods: list[str], at: float) -> None:
        """These are lost."""
        for sku, units in sorted(Counter(goods).items()):
            self.losses.append(TrueLoss(at, kind, sku, units, units * self.products[sku].price))

    def some(self, count: int) -> list[str]:
        """Goods by chance."""
        return [self.skus[int(n)] for n in self.rng.integers(0, len(self.skus), count)]


def morning(settings: Settings, seed: int, history: int = 0) -> tuple[list[Fact], Morning]:
    """The facts of `history` earlier visits, and the Monday morning that follows them."""
    before = Stage(settings, stream(seed, "history"))
    started_at = MONDAY_AT - 900.0 - HISTORY_EVERY_S * history
    before.begin(started_at - 60.0)
    for n in range(history):
        _visit(before, started_at + HISTORY_EVERY_S * n)
    stage = Stage(settings, stream(seed, "monday"))
    _crowd(stage)
    in_order = sorted(stage.facts, key=lambda fact: fact.at)
    return sorted(before.facts, key=lambda fact: fact.at), Morning(in_order, stage.losses)


def _visit(stage: Stage, at: float) -> None:
    goods = stage.some(int(stage.rng.integers(1, 3)))
    for n, sku in enumerate(goods):
        last_at = stage.take(sku, at + 3.0 * n)
    if stage.rng.random() >= HISTORY_UNPAID:
        stage.pay(goods, last_at + float(stage.rng.uniform(3.0, 20.0)))


def _crowd(stage: Stage) -> None:
    """Each of `PEOPLE` takes one and more at some moment of the five minutes."""
    owners = [*range(PEOPLE), *(int(n) for n in stage.rng.integers(0, PEOPLE, REMOVALS - PEOPLE))]
    goods = stage.some(REMOVALS)
    basket: dict[int, list[str]] = {n: [] for n in range(PEOPLE)}
    for owner, sku in zip(owners, goods, strict=True):
        basket[owner].append(sku)
    hands: list[tuple[float, int, str]] = []
    for owner, own in basket.items():
        at = MONDAY_AT + float(stage.rng.uniform(0.0, LASTS_S - 5.0 * len(own)))
        for sku in own:
            hands.append((at, owner, sku))
            at += float(stage.rng.uniform(1.5, 5.0))
    first_at = {owner: min(at for at, who, _ in hands if who == owner) for owner in basket}
    gone_at: dict[int, float] = {}
    for at, owner, sku in sorted(hands):
        gone_at[owner] = stage.take(sku, at)
    paying = {int(n) for n in stage.rng.permutation(PEOPLE)[:PAYING]}
    for owner, own in basket.items():
        if owner in paying:
            _settle(stage, own, first_at[owner], gone_at[owner])
        else:
            stage.lose("underpaid", own, gone_at[owner])


def _settle(stage: Stage, own: list[str], first_at: float, gone_at: float) -> None:
    cart, lot = list(own), float(stage.rng.random())
    if len(own) > 1 and lot < UNDERPAID:
        stage.lose("underpaid", [cart.pop()], gone_at)
    elif lot > 1.0 - SUBSTITUTED:
        dear = max(cart, key=lambda sku: stage.products[sku].price)
        cheap = [s for s in stage.skus if stage.products[s].price < stage.products[dear].price]
        if cheap:
            cart[cart.index(dear)] = cheap[int(stage.rng.integers(len(cheap)))]
            stage.lose("substituted", [dear], gone_at)
    if stage.rng.random() < PAYS_AHEAD:
        stage.pay(cart, first_at - float(stage.rng.uniform(20.0, 60.0)))
    else:
        stage.pay(cart, gone_at + float(stage.rng.uniform(3.0, 45.0)))
