"""What a reckoning keeps for the next one: it saves work, and changes nothing.

Never part of the state: without it everything is reckoned anew, and ends the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edge_agent.shelf.chapters import Library
from edge_agent.shelf.remembering import Remembering


@dataclass(slots=True)
class Memo(Remembering):
    """Results of the last round, the chapters that are over, and what each review followed from."""

    library: Library = field(default_factory=Library)
    reviewed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
