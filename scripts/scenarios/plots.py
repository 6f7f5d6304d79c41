"""All scenarios: importing this files their plots."""

from __future__ import annotations

from scripts.scenarios import crowds, faults, owing, paying, restocking, returning
from scripts.scenarios.story import PLOTS, told

__all__ = ["PLOTS", "crowds", "faults", "owing", "paying", "restocking", "returning", "told"]
