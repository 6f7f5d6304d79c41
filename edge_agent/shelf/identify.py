"""Which goods a weight change was: the posterior over products and counts.

Bayes over the candidates that the plate allows. A candidate's units weigh `sum(n_i * w_i)` with
variance `sigma² + sum(n_i * sd_i²) + (SPAN_ERROR * w)²`, and one action in 25 strays two and
a half times as far, since real units have heavier tails than a normal law. What stays below
`min_confidence` abstains.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_agent.shelf.candidates import (
    Candidate,
    Surroundings,
    candidates,
    units_of,
)
from edge_agent.shelf.seen_candidates import seen_candidates
from edge_agent.shelf.sights import Items

__all__ = ["Hypothesis", "Reading", "Step", "Surroundings", "identify", "identify_together", "read"]

# A calibrated plate is right to about 0.1 % of span (class C3 cells, OIML R 60, plus drift).
SPAN_ERROR = 0.001
# Share of units that lie far from their product's weight, and how many times as far.
STRAY_SHARE, STRAY_FACTOR = 0.04, 2.5
# The least variance of a change: a scale that claims no error at all still rounds.
ROUNDING_G2 = 0.01
TOLD_ALTERNATIVE = 0.01
# A part of a unit that may have moved back is noted if it is this large.
NOTED_UNITS = 0.1
MAX_ALTERNATIVES = 5
# Candidates of each of two steps that are read together: 40 × 40 pairs at most.
PAIRED = 40


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of a change: signed quantities by SKU, and its posterior probability."""

    items: Items
    confidence: float


@dataclass(frozen=True, slots=True)
class Step:
    """A measured change: grams, its deviation, and the part of it that the level after it has."""

    delta_g: float
    sigma_g: float
    level_sigma_g: float
    around: Surroundings


@dataclass(frozen=True, slots=True)
class Reading:
    """The explanations of a change worth telling, likeliest first, and what it moves back.

    Without explanations where a thing that is no product explains it best by far. The confidences
    are posterior probabilities; what is missing to 1 is the foreign thing's and the untold
    alternatives' share. `origins`: expected units of earlier changes that it moves back.
    """

    hypotheses: tuple[Hypothesis, ...]
    origins: tuple[tuple[str, float], ...] = ()


def identify(delta_g: float, sigma_g: float, around: Surroundings) -> tuple[Hypothesis, ...]:
    """Return the explanations of `delta_g` alone (`read`)."""
    return read(delta_g, sigma_g, around).hypotheses


def read(delta_g: float, sigma_g: float, around: Surroundings) -> Reading:
    """Read a change of `delta_g`, measured with the deviation `sigma_g`, in its surroundings."""
    weights: defaultdict[Items, float] = defaultdict(float)
    moved: defaultdict[str, float] = defaultdict(float)
    for candidate in candidates(delta_g, around):
        variance = _variance(delta_g, sigma_g**2, candidate)
        density = _density(delta_g - candidate.weight_g, variance)
        weight = candidate.prior * density * _seen(candidate.items, around)
        weights[candidate.items] += weight
        if candidate.origin:
            moved[candidate.origin] += weight * units_of(candidate.items)
    total = sum(weights.values())
    origins = ((origin, round(units / total, 2)) for origin, units in sorted(moved.items()))
    return Reading(_ranked(weights), tuple(o for o in origins if o[1] >= NOTED_UNITS))


def identify_together(
    first: Step, second: Step
) -> tuple[tuple[Hypothesis, ...], tuple[Hypothesis, ...]]:
    """Read two steps of one plate that share the level between them.

    That level was held for a moment only and is known badly, yet its error goes out of the sum:
    the two deltas are normal with covariance `-level_sigma²`. Returns the explanations of each.
    """
    shared = min(first.level_sigma_g, first.sigma_g, second.sigma_g) ** 2
    firsts, seconds = _likeliest(first), _likeliest(second)
    one: defaultdict[Items, float] = defaultdict(float)
    other: defaultdict[Items, float] = defaultdict(float)
    for a in firsts:
        off_a = first.delta_g - a.weight_g
        var_a = _variance(first.delta_g, first.sigma_g**2, a)
        for b in seconds:
            var_b = _variance(second.delta_g, second.sigma_g**2, b)
            off_b = second.delta_g - b.weight_g
            weight = a.prior * b.prior * _density_of_two((off_a, off_b), (var_a, var_b), -shared)
            weight *= _seen(a.items, first.around) * _seen(b.items, second.around)
            one[a.items] += weight
            other[b.items] += weight
    return _ranked(one), _ranked(other)


def identify_seen(units: int, around: Surroundings) -> tuple[Hypothesis, ...]:
    """Read what a camera saw come (`units` positive) or leave, where nothing was weighed."""
    weights: defaultdict[Items, float] = defaultdict(float)
    for items, prior in seen_candidates(units, around):
        weights[items] += prior * _seen(items, around)
    return _ranked(weights)


def _seen(items: Items, around: Surroundings) -> float:
    return around.sight.of(items) if around.sight is not None else 1.0


def _likeliest(step: Step) -> list[Candidate]:
    def share(candidate: Candidate) -> float:
        variance = _variance(step.delta_g, step.sigma_g**2, candidate)
        density = _density(step.delta_g - candidate.weight_g, variance)
        return candidate.prior * density * _seen(candidate.items, step.around)

    return sorted(candidates(step.delta_g, step.around), key=share, reverse=True)[:PAIRED]


def _variance(delta_g: float, measured_g2: float, candidate: Candidate) -> float:
    # What was weighed before was weighed with the same calibration, or its variance has another.
    span_g = SPAN_ERROR * delta_g if not candidate.origin else 0.0
    return max(measured_g2 + span_g * span_g + candidate.variance_g2, ROUNDING_G2)


def _density(off_g: float, variance_g2: float) -> float:
    """Density of a weight `off_g` from its expectation: normal, with a share that strays."""
    square = off_g * off_g / (2 * variance_g2)
    near = (1 - STRAY_SHARE) * math.exp(-square)
    far = STRAY_SHARE / STRAY_FACTOR * math.exp(-square / STRAY_FACTOR**2)
    return (near + far) / math.sqrt(2 * math.pi * variance_g2)


def _density_of_two(
    off_g: tuple[float, float], variance_g2: tuple[float, float], covariance_g2: float
) -> float:
    """Density of two weights whose errors go together; strays as `_density`, both at once."""
    (x, y), (vx, vy) = off_g, variance_g2
    determinant = max(vx * vy - covariance_g2 * covariance_g2, ROUNDING_G2 * ROUNDING_G2)
    square = (vy * x * x - 2 * covariance_g2 * x * y + vx * y * y) / (2 * determinant)
    near = (1 - STRAY_SHARE) * math.exp(-square)
    far = STRAY_SHARE / STRAY_FACTOR**2 * math.exp(-square / STRAY_FACTOR**2)
    return (near + far) / (2 * math.pi * math.sqrt(determinant))


def _ranked(weights: Mapping[Items, float]) -> tuple[Hypothesis, ...]:
    """Normalise, and give what is worth telling; the foreign thing () is told by its absence."""
    total = sum(weights.values())
    named: Sequence[tuple[Items, float]] = [(i, w / total) for i, w in weights.items() if i]
    ranked = sorted(named, key=lambda pair: (-pair[1], pair[0]))[: MAX_ALTERNATIVES + 1]
    return tuple(Hypothesis(i, share) for i, share in ranked if share >= TOLD_ALTERNATIVE)
