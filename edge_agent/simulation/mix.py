"""Which plots are played how often: the usual mix, or one with a share of dishonest visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_agent.simulation.crowds import CROWDS, FOUL_CROWDS
from edge_agent.simulation.fair_plots import FAIR_PLOTS
from edge_agent.simulation.foul_plots import FOUL_PLOTS
from edge_agent.simulation.odd_plots import odd_plots
from edge_agent.simulation.plot_parts import Plot
from edge_agent.simulation.plots import PLOTS
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.swap_plots import SWAP_PLOTS

USUAL_FOUL = ("unpaid", "feigned", "underpaid", "substituted", "refunded")


@dataclass(frozen=True, slots=True)
class Mix:
    """Plots by name, to be drawn by their weights."""

    plots: dict[str, Plot]
    names: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, plots: dict[str, Plot]) -> Mix:
        """The mix of these plots."""
        total = sum(plot.weight for plot in plots.values())
        return cls(plots, tuple(plots), tuple(plot.weight / total for plot in plots.values()))

    def draw(self, rng: np.random.Generator) -> str:
        """The name of one of them."""
        return self.names[int(rng.choice(len(self.names), p=self.weights))]


@dataclass(frozen=True, slots=True)
class Mixes:
    """The mixes of a shelf; with an `adversarial` share, honest visits and others apart. In the
    share `swaps` of all visits goods are exchanged so that hardly more than a camera can tell."""

    honest: Mix
    foul: Mix | None
    adversarial: float
    swaps: float = 0.0

    @classmethod
    def of(cls, effects: Profile, adversarial: float | None, swaps: float = 0.0) -> Mixes:
        """The mix of a profile: the usual one, or every way with so many dishonest visits."""
        usual = PLOTS | odd_plots(effects)
        if adversarial is None:
            return cls(Mix.of(usual), None, 0.0, swaps)
        foul = {name: usual.pop(name) for name in USUAL_FOUL}
        return cls(
            Mix.of(usual | FAIR_PLOTS | CROWDS),
            Mix.of(foul | FOUL_PLOTS | FOUL_CROWDS),
            adversarial,
            swaps,
        )

    def next(self, rng: np.random.Generator) -> Mix:
        """The mix that the next visit is drawn from."""
        if self.swaps and rng.random() < self.swaps:
            return _SWAPS
        if self.foul is not None and rng.random() < self.adversarial:
            return self.foul
        return self.honest


_SWAPS = Mix.of(SWAP_PLOTS)
