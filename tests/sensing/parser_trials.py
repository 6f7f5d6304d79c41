"""What every parser has to stand: cuts at any place, garbage, floods."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Sequence
from typing import Any, Protocol

from hypothesis import strategies as st


class Parser(Protocol):
    """Bytes in, something out."""

    def feed(self, data: bytes) -> Any: ...


def in_pieces(wire: bytes, cuts: st.DataObject) -> list[bytes]:
    """Cut `wire` at places that hypothesis chooses."""
    places = cuts.draw(st.lists(st.integers(0, len(wire)), max_size=8).map(sorted))
    edges = [0, *places, len(wire)]
    return [wire[a:b] for a, b in itertools.pairwise(edges)]


def held_after(parser: Parser, floods: Sequence[bytes], times: int = 50) -> int:
    """Bytes that a parser holds after floods."""
    for flood in floods:
        parser.feed(flood)
    tracemalloc.start()
    for _ in range(times):
        for flood in floods:
            parser.feed(flood)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def counted(parser: object, *names: str) -> tuple[object, ...]:
    """A parser's counters."""
    return tuple(getattr(parser, name) for name in names)
