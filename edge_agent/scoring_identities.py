"""Whether what was told of the goods is right, and as sure as it said. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_agent.reliability import Claim, calibration_as_dict
from edge_agent.scoring_pairs import Pair
from edge_agent.tallies import Share
from edge_agent.truth import Items


@dataclass(frozen=True, slots=True)
class Identities:
    """Of the changes whose weight was found: what was told of their goods.

    `accepted`: those told with items, and how many of these are the right ones. `abstained`: those
    told without, of all. `alternatives`: of those told without, the ones whose goods are among the
    alternatives. `claims`: the likeliest explanation told of each, accepted or not. `wrong` tells
    the wrong ones in words.
    """

    accepted: Share = field(default_factory=Share)
    abstained: Share = field(default_factory=Share)
    alternatives: Share = field(default_factory=Share)
    claims: tuple[Claim, ...] = ()
    wrong: tuple[str, ...] = ()

    def __add__(self, other: Identities) -> Identities:
        return Identities(
            self.accepted + other.accepted,
            self.abstained + other.abstained,
            self.alternatives + other.alternatives,
            self.claims + other.claims,
            self.wrong + other.wrong,
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON values."""
        return {
            "told": self.abstained.of,
            "accepted": self.accepted.as_dict(),
            "abstained": {
                "count": self.abstained.right,
                "of": self.abstained.of,
                "share": self.abstained.as_dict()["share"],
            },
            "alternatives": self.alternatives.as_dict(),
        }

    def calibration(self) -> dict[str, Any]:
        """Give the calibration of the claims as JSON values."""
        return calibration_as_dict(self.claims)


def judge_identities(pairs: Sequence[Pair]) -> Identities:
    """Judge pairs of a true and a reported change that fit by plate, time and weight alone.

    A true change without items is a thing that is no product: to abstain there is right.
    """
    accepted = [pair for pair in pairs if pair[1].items]
    abstained = [pair for pair in pairs if not pair[1].items]
    right = sum(t.items == c.items for t, c in accepted)
    listed = sum(t.items in [items for items, _ in c.alternatives] for t, c in abstained)
    goods = sum(bool(t.items) for t, _ in abstained)
    return Identities(
        accepted=Share(right, len(accepted)),
        abstained=Share(goods, sum(bool(t.items) for t, _ in pairs)),
        alternatives=Share(listed, goods),
        claims=_claims(pairs),
        wrong=tuple(
            f"{t.at:.3f} {t.plate} {item_words(t.items)}, told {item_words(c.items)} "
            f"with {c.confidence if c.confidence is not None else float('nan'):.3f} "
            f"at {c.delta_g:+.1f} g ({c.change_id})"
            for t, c in accepted
            if t.items != c.items
        ),
    )


def item_words(items: Items) -> str:
    """Items as a person reads them."""
    return ", ".join(f"{quantity:+d} × {sku}" for sku, quantity in items) or "nothing told"


def _claims(pairs: Sequence[Pair]) -> tuple[Claim, ...]:
    claims = []
    for t, c in pairs:
        items, confidence = c.top
        if confidence is not None:
            claims.append(Claim(confidence, items == t.items))
    return tuple(claims)
