"""What a channel's values say of its wires and its converter: dead, cut short, repeated."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edge_agent.weighing.calibration import HIGHEST_COUNTS, LOWEST_COUNTS
from edge_agent.weighing.diagnosis.channel import ChannelMeasurement
from edge_agent.weighing.diagnosis.converters import cell_mv_per_v
from edge_agent.weighing.diagnosis.facts import ChannelFacts, Remark

MOST_REPEATED_SHARE = 0.35
# Single point and beam cells give 0.5 to 3 mV/V at their rated load.
LEAST_MV_PER_V = 0.2


def dead_channel(m: ChannelMeasurement, facts: ChannelFacts) -> Iterator[Remark]:
    """Whether it gives no weight at all."""
    if not facts.is_counts:
        return
    if m.saturated:
        where = HIGHEST_COUNTS if m.highest >= HIGHEST_COUNTS else LOWEST_COUNTS
        share = 100 * m.saturated / m.samples
        yield Remark(
            "fail",
            "range",
            f"{share:.0f} % of its samples are {where}, the end of the converter's range",
            "One of the cell's four wires is loose, or two are swapped: there must be about 1 kΩ "
            "between E+ and E-, and between A+ and A-. Else take weight off",
        )
    elif m.unique == 1 and m.level in (-1.0, 0.0):
        yield Remark(
            "fail",
            "value",
            f"always reads {m.level:.0f}: its converter does not answer",
            "Check the converter's power, and its data and clock wires to the board",
        )
    elif m.unique == 1:
        yield Remark(
            "fail",
            "value",
            f"frozen: all {m.samples} samples are {m.level:.0f}",
            "The converter repeats one value: check its wiring, then power the board off and on",
        )


def broken_word(m: ChannelMeasurement, facts: ChannelFacts) -> Iterator[Remark]:
    """Whether bits are lost between converter and agent, or values are sent twice."""
    if not facts.is_counts:
        return
    if m.stuck_bits:
        which = ", ".join(str(bit) for bit in m.stuck_bits)
        yield Remark(
            "warn",
            "bits",
            f"bit {which} of its counts never changes, though its noise must change it",
            "The board drops bits: check its firmware (24 clock pulses a sample) and data wire",
        )
    # Equal neighbours by chance: step / (2 sqrt(pi) noise), for normal noise.
    expected = m.resolution / (2 * math.sqrt(math.pi) * m.rms)
    if m.repeated_share > max(MOST_REPEATED_SHARE, 3 * expected):
        times = 1 / (1 - m.repeated_share)
        yield Remark(
            "warn",
            "value",
            f"each value comes {times:.1f} times: of {m.rate_hz:.0f} samples a second only "
            f"{m.rate_hz / times:.0f} are new",
            "Let the board send when the converter is ready, or set the converter's rate to 80",
        )


def odd_calibration(facts: ChannelFacts) -> Iterator[Remark]:
    """Whether zero and scale fit a load cell of this capacity."""
    if not facts.is_counts or not facts.is_calibrated:
        return
    span = facts.counts_per_g * facts.capacity_g
    full = facts.zero_counts + span
    if not LOWEST_COUNTS < full < HIGHEST_COUNTS:
        bears = (HIGHEST_COUNTS - facts.zero_counts * math.copysign(1, span)) / abs(span)
        yield Remark(
            "warn",
            "range",
            f"reaches the end of the converter's range at {bears * facts.capacity_g:.0f} g, before "
            f"its capacity of {facts.capacity_g:g} g",
            "Lower capacity_g, or the converter's gain; a zero far off is a bent or preloaded cell",
        )
    elif cell_mv_per_v(abs(span)) < LEAST_MV_PER_V:
        yield Remark(
            "warn",
            "calibration",
            f"its cell gives {cell_mv_per_v(abs(span)):.2f} mV/V for {facts.capacity_g:g} g, where "
            "0.5 to 3 are usual",
            "Calibrate again with the right --mass; else the cell is made for far heavier loads",
        )
