"""What happens in a demo, as it happens: on the shelf's side and on the agent's."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.simulation.operator_cloud import Report
from edge_agent.simulation.script import Action, CloudMessage, Visit


@dataclass(frozen=True, slots=True)
class SomebodyCame:
    """A visit begins; it holds all that will follow from it."""

    at: float
    visit: Visit


@dataclass(frozen=True, slots=True)
class HandGone:
    """A hand has taken, put or touched something and is gone."""

    at: float
    action: Action


@dataclass(frozen=True, slots=True)
class CloudTold:
    """The operator's cloud told the shelf something."""

    at: float
    message: CloudMessage


@dataclass(frozen=True, slots=True)
class ShelfTold:
    """The agent's message has arrived in the operator's cloud."""

    at: float
    report: Report


Happening = SomebodyCame | HandGone | CloudTold | ShelfTold
