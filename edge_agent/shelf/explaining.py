"""Why a plate's weight and its counts do not go together, as far as what happened can say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.shelf.balance import Combination, Goods
from edge_agent.shelf.books import Counts, Disagreement, Oddment, Reason

# An empty bottle, can or wrapper weighs no more than this share of its goods.
PACKAGING_SHARE, PACKAGING_LEAST_G = 0.15, 2.0
# Less than this share of the lightest unit endangers no count; without a cause it is not told.
TOLD_SHARE = 0.3
# Units explain a weight that lies within this many sigma of theirs, if they are this likely.
FIT_SIGMAS, FIT_CONFIDENCE = 3.0, 0.5
# Of what is off, the share that one cause must account for.
MAIN_SHARE = 0.6
# Other plates that drifted this share of it, the same way.
COMMON_SHARE = 0.3
# A unit's real weight seldom differs by more from what is known of it.
UNIT_WEIGHT_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a plate whose weight is `off_g` more than its counts allow.

    Of it `drifted_g` came without any change, and `oddments` without being identified; `moved_g`
    is the weight of all units that were counted in or out meanwhile. `apart` are the units that
    would explain it. `others_drifted_g`: how the other plates wandered since their zero is known;
    `drift_at_most_g` is as far as a zero goes by itself in a day. `whole`: it is the weight of all
    counted goods that does not fit.
    """

    plate: str
    off_g: float
    sigma_g: float
    goods: Sequence[Goods]
    drifted_g: float
    oddments: Sequence[Oddment]
    moved_g: float
    apart: Sequence[Combination]
    others_drifted_g: Sequence[float]
    drift_at_most_g: float
    whole: bool
    name: Callable[[str], str]


def explain(evidence: Evidence, since: float) -> Disagreement | None:
    """Name the likeliest cause; None where it is too little to matter and nothing caused it."""
    cause = _main_part(evidence)
    units = _units(evidence)
    reason: Reason
    if cause == "oddments":
        reason, text = _by_oddments(evidence, units)
    elif cause == "drift":
        reason, text = _by_drift(evidence, units)
    elif cause == "counted":
        reason, text = _by_counted(evidence, units)
    elif units:
        reason, text = "missed_change", f"{said_units(units, evidence.name)}, and nothing says why"
    else:
        reason, text = "unknown", ""
    lightest_g = min((g.weight_g for g in evidence.goods), default=0.0)
    if reason == "unknown" and abs(evidence.off_g) < TOLD_SHARE * lightest_g:
        return None
    more = "more" if evidence.off_g > 0 else "less"
    said = f"Plate {evidence.plate} weighs {abs(evidence.off_g):.1f} g {more} than what is counted"
    story = f"{said}: {text or _UNEXPLAINED}."
    return Disagreement(
        reason=reason,
        since=since,
        explanation=story,
        off_g=evidence.off_g,
        apart=units,
        confidence=evidence.apart[0].confidence if units else 0.0,
        whole=evidence.whole,
    )


_UNEXPLAINED = "nothing that happened explains it; look at the plate and count it"


def _main_part(evidence: Evidence) -> str | None:
    """Which of the three ways in which weight and counts part accounts for most of it."""
    odd_g = sum(o.delta_g for o in evidence.oddments)
    parts = {
        "oddments": odd_g,
        "drift": evidence.drifted_g,
        "counted": evidence.off_g - odd_g - evidence.drifted_g,
    }
    off_g = evidence.off_g
    name, part = max(parts.items(), key=lambda item: item[1] * (1 if off_g > 0 else -1))
    return name if part / off_g >= MAIN_SHARE else None


def _units(evidence: Evidence) -> Counts:
    """The units apart that the weight speaks for; none where nothing is likely."""
    best = next((c for c in evidence.apart if c.units), None)
    if best is None or best is not evidence.apart[0]:
        return ()
    clear = best.confidence >= FIT_CONFIDENCE and best.sigmas <= FIT_SIGMAS
    return best.units if clear else ()


def _by_oddments(evidence: Evidence, units: Counts) -> tuple[Reason, str]:
    last = evidence.oddments[-1]
    either = [c.units for c in evidence.apart if c.units and c.sigmas <= FIT_SIGMAS][:3]
    if units or either:
        told = " or ".join(said_units(u, evidence.name) for u in ([units] if units else either))
        return "unidentified_change", f"{told}, by a change that could not be identified"
    if evidence.off_g < 0:
        return "foreign_taken", f"{-last.delta_g:.1f} g left that fit no product"
    heaviest_g = max((g.weight_g for g in evidence.goods), default=0.0)
    if PACKAGING_LEAST_G <= evidence.off_g <= PACKAGING_SHARE * heaviest_g:
        return "packaging_returned", "it looks like empty packaging that was put back; take it away"
    return "foreign_object", "something was put there that is no product; take it away"


def _by_drift(evidence: Evidence, units: Counts) -> tuple[Reason, str]:
    if units:
        told = said_units(units, evidence.name)
        return "missed_change", f"{told}, and no change was seen"
    if not evidence.whole and abs(evidence.off_g) > evidence.drift_at_most_g:
        return "unknown", (
            "its weight moved without any change seen; look whether something touches the plate"
        )
    common = [g for g in evidence.others_drifted_g if g / evidence.off_g >= COMMON_SHARE]
    shared = len(common) >= 2 and 2 * len(common) >= len(evidence.others_drifted_g)
    where = ", as other plates do (temperature)" if shared else ""
    return "drift", f"its zero drifts{where}; tare it when it is empty"


def _by_counted(evidence: Evidence, units: Counts) -> tuple[Reason, str]:
    if units:
        told = said_units(units, evidence.name)
        return "misidentified_change", f"{told}; a change was taken for something else"
    share = abs(evidence.off_g) / evidence.moved_g if evidence.moved_g else 1.0
    if share <= UNIT_WEIGHT_SHARE:
        return "unit_weight", (
            f"the units that moved weigh {100 * share:.1f} % other than they should; "
            "`edge-agent products learn` weighs them"
        )
    return "unknown", ""


def said_units(units: Counts, name: Callable[[str], str]) -> str:
    """Units apart as a person says it: `1 × Cola fewer and 1 × Zero more`."""
    said = (f"{abs(n)} × {name(sku)} {'more' if n > 0 else 'fewer'}" for sku, n in units)
    return " and ".join(said)
