"""Results used again as long as the very objects that they follow from are the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

_Result = TypeVar("_Result")


@dataclass(slots=True)
class Remembering:
    """Results by name; those that a round did not ask for are dropped with the next one."""

    _known: dict[Hashable, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)
    _asked: dict[Hashable, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)

    def of(self, key: Hashable, grounds: tuple[Any, ...], reckon: Callable[[], _Result]) -> _Result:
        """The result for `key`, reckoned unless the same objects (`grounds`) gave it last."""
        known = self._asked.get(key) or self._known.get(key)
        if known is None or not _same(known[0], grounds):
            known = (grounds, reckon())
        self._asked[key] = known
        result: _Result = known[1]
        return result

    def next_round(self) -> None:
        """Keep what was asked for since the last round, and nothing else."""
        self._known, self._asked = self._asked, {}


def _same(known: tuple[Any, ...], grounds: tuple[Any, ...]) -> bool:
    return len(known) == len(grounds) and all(a is b for a, b in zip(known, grounds, strict=True))
