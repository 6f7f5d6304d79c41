"""Missing units summed up to the lines of a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge_agent.shelf.findings import LossKind, Missing
from edge_agent.shelf.state import ShelfState


@dataclass(frozen=True, slots=True)
class LossLine:
    """Equal missing units of one visit together. `value` is the line's whole loss."""

    kind: LossKind
    sku: str
    name: str
    quantity: int
    unit_price: int
    paid_as: str | None
    paid_as_name: str
    value: int
    plate: str
    confidence: float


def loss_lines(missing: Iterable[Missing], state: ShelfState) -> list[LossLine]:
    """Sum missing units up to lines, in a stable order."""
    lines: dict[tuple[str, str, str, str, int], LossLine] = {}
    for item in missing:
        unit = item.unit
        sku = unit.sku or ""
        key = (item.kind, sku, unit.plate, item.paid_as or "", unit.price)
        line = lines.get(key)
        if line is None:
            lines[key] = LossLine(
                kind=item.kind,
                sku=sku,
                name=state.catalogue.name(sku) if sku else "not identified",
                quantity=1,
                unit_price=unit.price,
                paid_as=item.paid_as,
                paid_as_name=state.catalogue.name(item.paid_as) if item.paid_as else "",
                value=item.value,
                plate=unit.plate,
                confidence=round(item.confidence, 4),
            )
        else:
            lines[key] = replace(
                line,
                quantity=line.quantity + 1,
                value=line.value + item.value,
                confidence=round(min(line.confidence, item.confidence), 4),
            )
    return [lines[key] for key in sorted(lines)]
