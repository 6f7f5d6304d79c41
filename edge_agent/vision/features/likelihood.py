"""From evidence to likelihoods: a logistic model with one weight for each kind of evidence.

p(product) is proportional to exp(w · x + b) among the products compared and “something else”, whose
logit is 0; so exp(w · x + b) is the likelihood against something else where all are equally
probable. `scripts/fit_features.py` fits the weights, with a small ridge, to the `train` half of the
juice cartons: photographs taken one after the other are never query and taught picture, candidates
are 3 or 8 with 1 to 5 pictures each, and about one query in eight shows none of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from edge_agent.vision.features.matching import Evidence

SURE = 0.85
"""A product this probable among those compared and something else is the answer.

Chosen on `train`: of the answers about pictures that had no part in the fit, 98 of 100 were right.
"""

_BIAS = 8.47
_WEIGHTS = {
    "likeness": 1.939,
    "own": 0.07,
    "less_alike_colours": -9.629,
    "colours_apart": -13.649,
    "covered": 0.291,
    "shaped": -8.255,
    "coloured": 2.246,
    "both": 12.499,
    "told_apart": 3.619,
}
_MOST_LESS_ALIKE, _MOST_APART = 0.1, 0.35
"""However far its colours are off, a product that fits in place may still be the one."""
_LEAST, _MOST = math.log(1e-4), math.log(1e6)


def likelihoods(evidence: Mapping[str, Evidence]) -> dict[str, float]:
    """How much better each product explains the picture than something else does."""
    best = max((found.colours for found in evidence.values()), default=0.0)
    return {sku: math.exp(_log_likelihood(terms(e, best))) for sku, e in evidence.items()}


def surest(found: Mapping[str, float]) -> str | None:
    """The product that is probable enough to be the answer; None: it cannot be told."""
    if not found:
        return None
    best = max(found, key=lambda sku: (found[sku], sku))
    return best if found[best] / (1.0 + sum(found.values())) >= SURE else None


def terms(evidence: Evidence, best_colours: float) -> dict[str, float]:
    """The evidence as the model takes it; `best_colours` are the best of all compared.

    Colours are apart by the Hellinger distance, 0 to 1.
    """
    apart, least = (math.sqrt(max(0.0, 1.0 - c)) for c in (evidence.colours, best_colours))
    return {
        "likeness": math.log(evidence.likeness + 0.003),
        "own": math.log1p(evidence.own),
        "less_alike_colours": min(_MOST_LESS_ALIKE, apart - least),
        "colours_apart": min(_MOST_APART, apart),
        "covered": evidence.explained.covered,
        "shaped": evidence.explained.shaped,
        "coloured": evidence.explained.coloured,
        "both": evidence.explained.both,
        "told_apart": evidence.told_apart,
    }


def _log_likelihood(told: Mapping[str, float]) -> float:
    # No picture is worth more than this: there are always things that nobody thought of.
    return min(_MOST, max(_LEAST, _BIAS + sum(_WEIGHTS[name] * told[name] for name in told)))
