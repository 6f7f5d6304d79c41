"""Reads an EAN-13 from blurred bars: which code would look most like this brightness profile.

Readers look for edges; where blur has merged thin bars there are none. Here every place of the
code is compared with the (blurred) pattern of every digit, at every position and width. The best
chain of places (Viterbi 1967) follows bent labels and perspective, and of all codes with a right
check digit the likeliest is told, with how far it leads. The idea is Gallo and Manduchi's,
“Reading 1D barcodes with mobile phones using deformable templates”, PAMI 2011.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.codes.bar_patterns import Numbers, Search, pattern_fits, search_of
from edge_agent.vision.codes.bar_regions import BarRegion, Gray, Profiles, profiles
from edge_agent.vision.codes.bar_symbols import EAN13_MODULES, Likeliest, likeliest_ean13

_PLACES = ("start", *("left",) * 6, "centre", *("right",) * 6, "end")
_MODULES = {"start": 3, "left": 7, "centre": 5, "right": 7, "end": 3}
_LENGTHS = [_MODULES[place] for place in _PLACES]

_BEND_PRICE = np.float32(0.15)
_NEVER = -1e3


_COARSE_ROOM, _FINE_ROOM = 1.3, 1.15
_COARSE = search_of(_COARSE_ROOM, 3.0, (0.55, 1.25), 0.06, 0.5)
_FINE = tuple(search_of(_FINE_ROOM, 4.0, (0.85, 1.15), 0.05, blur) for blur in (0.5, 0.9))
_COARSE_STRIPS = np.array([-0.35, 0.35])
_FINE_STRIPS = np.array([-0.7, -0.35, 0.0, 0.35, 0.7])
_STRIPS_USED = 3
_HOPELESS = 0.5

# An EAN-13 has sixty edges, of which blur leaves half; shadows, letters and leaves have few.
_FEWEST_EDGES = 24
_RUN_MODULES, _FLICKER = 7, 0.3

# Gratings, stripes and fences fit digits of the same kind, side by side. Real codes reach 0.6,
# those of one digit over and over 0.72; moved by 2 to 30 modules.
_MOST_LIKE_ITSELF = 0.75
_MOVED_BY = (8, 120, 2)


@dataclass(frozen=True, slots=True)
class BarFit:
    """The likeliest EAN-13 of a region, and the part of the region that it takes."""

    likeliest: Likeliest
    region: BarRegion


def fit_ean13(gray: Gray, region: BarRegion) -> BarFit | None:
    """Tell the EAN-13 that a region's bars are most like; None where they are like none."""
    half = region.half_across * _COARSE_ROOM
    strips = profiles(gray, region, _COARSE_STRIPS, half, _COARSE.samples)
    if max(_edges(strip) for strip in strips) < _FEWEST_EDGES:
        return None
    # A code may stand upside down: each strip is read from both ends.
    chains = _chains(np.concatenate([strips, strips[:, ::-1]]), _COARSE)
    best = int(chains.fits.argmax())
    if chains.fits[best] < _HOPELESS:
        return None
    found = _narrowed(region, chains, best, turned=best >= len(strips))
    half = found.half_across * _FINE_ROOM
    strips = profiles(gray, found, _FINE_STRIPS, half, _FINE[0].samples)
    if _likeness_to_itself(strips) > _MOST_LIKE_ITSELF:
        return None
    likeliest = _read(strips, _FINE[0])
    if not likeliest.is_sure:
        likeliest = max(likeliest, _read(strips, _FINE[1]), key=lambda read: read.fit)
    return BarFit(likeliest, found)


def _edges(strip: Numbers) -> int:
    """How often a profile crosses its own running mean, flickers aside."""
    above = _above_run(strip, _COARSE.samples / _COARSE_ROOM)
    clear = above[np.abs(above) > _FLICKER * above.std()]
    return int(np.count_nonzero(np.diff(np.sign(clear))))


def _likeness_to_itself(strips: Profiles) -> float:
    """How much the profiles are like themselves when moved along, at the best: 1 for a grating."""
    rows = np.array([_above_run(strip, _FINE[0].samples / _FINE_ROOM) for strip in strips])
    like = []
    for moved in range(*_MOVED_BY):
        here, there = rows[:, :-moved], rows[:, moved:]
        power = (here**2).sum(axis=1) * (there**2).sum(axis=1)
        like.append((here * there).sum(axis=1) / np.sqrt(power + 1e-9))
    return float(np.median(np.max(like, axis=0)))


def _above_run(strip: Numbers, code_samples: float) -> Numbers:
    """A profile above its own running mean over some modules."""
    window = round(_RUN_MODULES * code_samples / EAN13_MODULES) | 1
    padded = np.pad(strip, window // 2, mode="edge")
    return strip - np.convolve(padded, np.full(window, 1 / window, np.float32), "valid")


def _narrowed(region: BarRegion, chains: _Chains, best: int, *, turned: bool) -> BarRegion:
    """The part of a region that a chain takes; across its bars is the way the code is read."""
    samples = _COARSE.samples
    start, end = (edge / samples * 2 - 1 for edge in chains.spans[best])
    if turned:
        start, end = -start, -end
    half = region.half_across * _COARSE_ROOM
    x, y = region.at((start + end) / 2 * half, 0.0)
    sign = -1.0 if turned else 1.0
    across = (region.across[0] * sign, region.across[1] * sign)
    return BarRegion(x, y, across, abs(end - start) / 2 * half, region.half_along)


def _read(strips: Profiles, search: Search) -> Likeliest:
    chains = _chains(strips, search)
    used = np.argsort(-chains.fits, kind="stable")[:_STRIPS_USED]
    weights = np.maximum(chains.fits[used], 1e-3) ** 2
    weights = (weights / weights.sum())[:, None, None]
    left = (chains.left[used] * weights).sum(axis=0)
    right = (chains.right[used] * weights).sum(axis=0)
    return likeliest_ean13(left, right)


@dataclass(frozen=True, slots=True)
class _Chains:
    """For each strip the best chain: its mean fit, where it begins and ends, all digits' fits.

    `spans` (strip, 2) in samples; `left` (strip, 6, 20), `right` (strip, 6, 10).
    """

    fits: Numbers
    spans: NDArray[np.float64]
    left: Numbers
    right: Numbers


def _chains(strips: Profiles, search: Search) -> _Chains:
    fits = pattern_fits(strips, search)
    best = {kind: fit.max(axis=2) for kind, fit in fits.items()}
    shifts = {m: np.rint(np.array(search.widths) * m).astype(np.intp) for m in (3, 5, 7)}
    total = best["start"] * 3
    bends: list[NDArray[np.int8]] = []
    for before, place in pairwise(_PLACES):
        arrived = np.full_like(total, _NEVER)
        for width, shift in enumerate(shifts[_MODULES[before]]):
            arrived[width, :, shift:] = total[width, :, : total.shape[2] - shift]
        bends.append(_bend(arrived))
        total = arrived + best[place] * _MODULES[place]
    return _traced(fits, total, bends, shifts)


def _bend(arrived: Numbers) -> NDArray[np.int8]:
    """Let the width of a module change a little from place to place, at a price.

    Raises `arrived` to the best way to arrive, and tells the change of width on it.
    """
    straight = arrived.copy()
    bend = np.zeros(arrived.shape, dtype=np.int8)
    for step, here, there in (
        (1, slice(1, None), slice(None, -1)),
        (-1, slice(None, -1), slice(1, None)),
    ):
        wider = straight[there] - _BEND_PRICE
        better = wider > arrived[here]
        np.copyto(arrived[here], wider, where=better)
        np.copyto(bend[here], np.int8(step), where=better)
    return bend


def _traced(
    fits: dict[str, Numbers],
    total: Numbers,
    bends: list[NDArray[np.int8]],
    shifts: dict[int, NDArray[np.intp]],
) -> _Chains:
    strips = np.arange(total.shape[1])
    flat = total.transpose(1, 0, 2).reshape(len(strips), -1)
    ends = flat.argmax(axis=1)
    width, position = np.divmod(ends, total.shape[2])
    positions, widths = [position], [width]
    for length, bend in zip(reversed(_LENGTHS[:-1]), reversed(bends), strict=True):
        width = width - bend[width, strips, position]
        position = position - shifts[length][width]
        positions.insert(0, position)
        widths.insert(0, width)
    at, of, rows = np.stack(positions, axis=1), np.stack(widths, axis=1), strips[:, None]
    after_end = at[:, -1] + shifts[_LENGTHS[-1]][of[:, -1]]
    return _Chains(
        fits=flat[strips, ends] / sum(_LENGTHS),
        spans=np.stack([at[:, 0], after_end], axis=1).astype(np.float64),
        left=fits["left"][of[:, 1:7], rows, :, at[:, 1:7]],
        right=fits["right"][of[:, 8:14], rows, :, at[:, 8:14]],
    )
