"""The plates of a demo on a terminal: four beside each other, weight and what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.text import Text

from edge_agent.cli.demo_words import Words
from edge_agent.settings import PlateSettings, Settings
from edge_agent.simulation.script import Action
from edge_agent.simulation.shop import initial_stock, weighed_plates

COLUMNS = 4
GAP = "  "


class PlatesPicture:
    """Keeps what really stands on each plate, and draws it under the agent's weights."""

    def __init__(self, settings: Settings, words: Words) -> None:
        self._plates = weighed_plates(settings)
        self._words = words
        self._stock = Counter(initial_stock(settings))
        self._touched: dict[str, float] = {}
        self._moved: dict[tuple[str, str], float] = {}
        self._found: dict[str, tuple[float, bool]] = {}

    def touch(self, action: Action) -> None:
        """A hand was there; what it moved is no longer, or newly, there."""
        self._touched[action.plate] = action.at
        if action.sku is not None:
            self._stock[action.plate, action.sku] += action.quantity
            self._moved[action.plate, action.sku] = action.at

    def find(self, plate: str, at: float, *, right: bool) -> None:
        """The agent told a change of this plate."""
        self._found[plate] = (at, right)

    def lines(
        self, width: int, now: float, glow_s: float, weights: Mapping[str, Mapping[str, Any]]
    ) -> list[Text]:
        """The picture, line by line; what happened within `glow_s` is lit."""
        each = (width - len(GAP) * (COLUMNS - 1)) // COLUMNS
        lines: list[Text] = []
        for first in range(0, len(self._plates), COLUMNS):
            row = self._plates[first : first + COLUMNS]
            cells = [self._cell(p, each, now - glow_s, weights.get(p.id)) for p in row]
            lines += [_beside(parts, each) for parts in zip_longest(*cells, fillvalue=Text())]
        return lines

    def _cell(
        self, plate: PlateSettings, width: int, lit_since: float, weight: Mapping[str, Any] | None
    ) -> list[Text]:
        cell = [self._head(plate.id, width, lit_since, weight)]
        for sku in plate.products:
            moved = self._moved.get((plate.id, sku), 0.0) >= lit_since
            count = f"{self._stock[plate.id, sku]:>3} "
            name = self._words.short_name(sku, width - len(count))
            light = "yellow" if moved else ""
            cell.append(Text.assemble((count, f"bold {light}"), (name, light or "dim")))
        return cell

    def _head(
        self, plate: str, width: int, lit_since: float, weight: Mapping[str, Any] | None
    ) -> Text:
        found_at, right = self._found.get(plate, (0.0, True))
        ground = ("green" if right else "red") if found_at >= lit_since else "blue"
        grams = weight["weight_g"] if weight is not None else None
        told = "–" if grams is None else f"{grams:,.1f} g".replace(",", " ")
        moving = weight is not None and not weight["still"]
        style = "bold yellow" if moving or self._touched.get(plate, 0.0) >= lit_since else "cyan"
        head = f" {plate} "
        return Text.assemble(
            (head, f"bold white on {ground}"), (told.rjust(width - len(head)), style)
        )


def _beside(cells: Sequence[Text], width: int) -> Text:
    line = Text()
    for place, cell in enumerate(cells):
        part = cell.copy()
        part.truncate(width, overflow="ellipsis", pad=True)
        line.append(GAP if place else "").append_text(part)
    return line
