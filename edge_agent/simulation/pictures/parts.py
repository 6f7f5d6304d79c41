"""When the goods of an action leave their plate or land on it: as the load cells feel it."""

from __future__ import annotations

from edge_agent.simulation.hands import SWAP_AT
from edge_agent.simulation.script import Action

_LIFT_BEFORE_S, _LANDS_AT = 0.12, 0.12

Part = tuple[float, str, str | None, int]
"""When something leaves a plate or lands, what it looks like, its SKU, how many (signed)."""


def parts_of(action: Action) -> list[Part]:
    """All that an action moves; nothing where the hand only touches."""
    if action.manner == "swap":
        return _swap_parts(action)
    lifted_at = action.at - _LIFT_BEFORE_S
    landed_at = action.at - (1.0 - _LANDS_AT) * action.hand_s
    if not action.parts_g:
        return []
    if not action.items:
        quantity = 1 if action.delta_g > 0 else -1
        looks = (action.looks or "foreign") if quantity > 0 else "foreign"
        return [(landed_at if quantity > 0 else lifted_at, looks, None, quantity)]
    if action.manner == "double":
        first_at = lifted_at - action.gap_s
        if action.also:
            times = (first_at, lifted_at)
            return [
                (at, sku, sku, quantity)
                for at, (sku, quantity) in zip(times, action.items, strict=True)
            ]
        sku, half = action.items[0][0], action.items[0][1] // 2
        return [(first_at, sku, sku, half), (lifted_at, sku, sku, half)]
    return [
        (lifted_at if quantity < 0 else landed_at, sku, sku, quantity)
        for sku, quantity in action.items
    ]


def _swap_parts(action: Action) -> list[Part]:
    """The goods are lifted, then something else lands where they stood."""
    begins_at = action.at - action.hand_s
    lifted_at, landed_at = (begins_at + (part + 0.08) * action.hand_s for part in SWAP_AT)
    assert action.sku is not None  # goods are what is swapped
    comes, sku = (action.also[0][0],) * 2 if action.also else (action.looks, None)
    return [(lifted_at, action.sku, action.sku, -1), (landed_at, comes, sku, 1)]
