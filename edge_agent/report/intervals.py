"""95 % intervals for shares and for sums of losses; no scipy, which costs 40 MB. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_agent.report.cells import Sums

Z_95 = 1.959963984540054
TAIL = 0.025
_TERMS = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where there is nothing to judge by."""

    value: float | None
    low: float | None
    high: float | None

    def scaled(self, by: float) -> Estimate:
        """All three times the same factor."""
        return Estimate(*(None if x is None else x * by for x in (self.value, self.low, self.high)))


UNKNOWN = Estimate(None, None, None)


def share_lost(lost: Sums, taken: int) -> Estimate:
    """The share of units taken that were lost.

    Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927; recommended by Brown, Cai
    and DasGupta, Stat. Sci. 16, 2001). Units of one case went together, so the counts are divided
    by Kish's design effect (Survey Sampling, 1965), here the sum of squares over that of units.
    """
    of = max(taken, lost.units)
    if of <= 0:
        return UNKNOWN
    design_effect = max(1.0, lost.units_sq / lost.units) if lost.units else 1.0
    n = of / design_effect
    share = lost.units / of
    middle = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n))
    low = 0.0 if lost.units == 0 else max(0.0, middle - half)
    high = 1.0 if lost.units == of else min(1.0, middle + half)
    return Estimate(share, low, high)


def value_lost(lost: Sums, usual_price: float | None) -> Estimate:
    """A sum of losses of unlike size, in minor units, as a compound Poisson total.

    Its first two moments are those of a Poisson number of equal losses: (sum)² / (sum of squares)
    losses of (sum of squares) / sum each (G. Bohm and G. Zech, Nucl. Instrum. Meth. A 748, 2014);
    that number has F. Garwood's exact interval (Biometrika 28, 1936). With losses of one size it is
    exact. Without any loss, the upper bound is Garwood's 3.69 losses of `usual_price`.
    """
    if lost.value <= 0 or lost.value_sq <= 0:
        none = gamma_quantile(1 - TAIL, 1.0)
        return Estimate(0.0, 0.0, None if usual_price is None else none * usual_price)
    size = lost.value_sq / lost.value
    number = lost.value / size
    return Estimate(
        float(lost.value),
        size * gamma_quantile(TAIL, number),
        size * gamma_quantile(1 - TAIL, number + 1),
    )


def rate_of_goods(lost: Estimate, sold: int | None) -> Estimate:
    """Lost value as a share of lost and sold; the interval takes what was sold as known."""
    if sold is None or lost.value is None or sold + lost.value <= 0:
        return UNKNOWN

    def share(part: float | None) -> float | None:
        return None if part is None else (part / (part + sold) if part + sold else 0.0)

    return Estimate(share(lost.value), share(lost.low), share(lost.high))


def gamma_quantile(probability: float, shape: float) -> float:
    """The value that a gamma variable (scale 1) does not exceed with this probability.

    By bisection of the regularised incomplete gamma function; exact to 1 in 10¹⁰.
    """
    low, high = 0.0, shape + 12.0 * math.sqrt(shape) + 40.0
    while high - low > 1e-10 * max(1.0, high):
        middle = (low + high) / 2
        if _lower_gamma(shape, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _lower_gamma(shape: float, x: float) -> float:
    """P(a, x): series below, continued fraction above x = a + 1 (Abramowitz and Stegun 6.5)."""
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1.0 / shape
        for n in range(1, _TERMS):
            term *= x / (shape + n)
            total += term
            if term < 1e-14 * total:
                break
        return front * total
    return 1.0 - front * _upper_fraction(shape, x)


def _upper_fraction(shape: float, x: float) -> float:
    """Legendre's continued fraction for the upper gamma function, by Lentz's method."""
    tiny = 1e-300
    b = x + 1 - shape
    c, d = 1 / tiny, 1 / b
    h = d
    for n in range(1, _TERMS):
        a = -n * (n - shape)
        b += 2
        d = a * d + b
        d = 1 / (d if abs(d) > tiny else tiny)
        c = b + a / c
        c = c if abs(c) > tiny else tiny
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return h
