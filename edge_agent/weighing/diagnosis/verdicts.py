"""What a channel's measurement means: what is wrong with mounting or wiring, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edge_agent.weighing.diagnosis.channel import ChannelMeasurement
from edge_agent.weighing.diagnosis.converters import HX711
from edge_agent.weighing.diagnosis.facts import ChannelFacts, Remark
from edge_agent.weighing.diagnosis.wiring import broken_word, dead_channel, odd_calibration

MANY_MISSING_SHARE = 0.01
SLOWEST_HZ = 8.0
RATE_OFF_SHARE = 0.15
UNEVEN_SHARE = 0.3
# Boards in the field show one to four times the data sheet's noise.
NOISY_TIMES = 6.0
HUM_SHARE = 0.5
# The smallest changes told are ten times this, and averaging takes most of it.
HARMLESS_G = 0.2
SPIKES_A_MINUTE = 4.0
LOW_RING_HZ = 10.0
LONG_RING_S = 1.0
# Creep after a load is 0.15 g a minute, a warming cell a few grams an hour.
DRIFT_G_PER_MIN = 1.0
DRIFT_SIGMAS = 4.0


def judge_channel(measured: ChannelMeasurement, facts: ChannelFacts) -> list[Remark]:
    """Everything that a measurement has against its channel, the worst first; empty: all is well.

    A channel that gives no weight at all is not asked about its noise.
    """
    dead = [*dead_channel(measured, facts)]
    if dead:
        return dead
    broken = [*broken_word(measured, facts)]
    found = [*broken, *odd_calibration(facts), *_pace(measured, facts), *_noise(measured, facts)]
    if not broken:
        # Values sent twice or cut short look like a platform that swings.
        found += _mounting(measured, facts)
    return sorted(found, key=lambda remark: remark.verdict != "fail")


def noise_times(measured: ChannelMeasurement, facts: ChannelFacts) -> float:
    """The noise as a multiple of the converter's own; of an HX711's where it is not known."""
    converter = facts.converter or HX711
    return measured.rms / converter.noise_counts(measured.rate_hz)


def _pace(m: ChannelMeasurement, facts: ChannelFacts) -> Iterator[Remark]:
    if m.missing_share > MANY_MISSING_SHARE:
        yield Remark(
            "warn",
            "samples",
            f"{100 * m.missing_share:.0f} % of its samples missing, up to "
            f"{1000 * m.longest_gap_s:.0f} ms at a time",
            "Check the load cell's plug and cable, and the line from the board",
        )
    told = facts.told_rate_hz
    if told and abs(m.rate_hz - told) > RATE_OFF_SHARE * told:
        yield Remark(
            "warn",
            "rate",
            f"{m.rate_hz:.1f} samples a second, where the board says {told:g}",
            "Check the converter's RATE pin, and the baudrate: a slow line cannot carry them all",
        )
    elif m.rate_hz < SLOWEST_HZ:
        yield Remark(
            "warn",
            "rate",
            f"{m.rate_hz:.1f} samples a second, where 10 to 80 are needed",
            "Set the converter (its RATE pin) or the scale's output to a higher rate",
        )
    elif m.jitter_s * m.rate_hz > UNEVEN_SHARE:
        yield Remark(
            "warn",
            "rate",
            f"samples come unevenly, ± {1000 * m.jitter_s:.0f} ms",
            "The line or the board is too busy: fewer channels a board, or a higher baudrate",
        )


def _noise(m: ChannelMeasurement, facts: ChannelFacts) -> Iterator[Remark]:
    if m.spikes >= 2 and m.spikes * 60 / m.span_s > SPIKES_A_MINUTE:
        yield Remark(
            "warn",
            "spikes",
            f"{m.spikes} spikes in {m.span_s:.0f} s, up to {facts.amount(m.largest_spike)}",
            "A loose contact or a long clock wire: press the plugs home, keep the wires between "
            "converter and board short, 100 nF at the converter's supply",
        )
    hum = m.hum
    least = HARMLESS_G * abs(facts.counts_per_g) if facts.is_calibrated else 0.0
    hums = hum is not None and hum.amplitude > max(HUM_SHARE * m.rms * math.sqrt(2), least)
    if hum is not None and hums:
        yield Remark(
            "warn",
            "hum",
            f"hums at {hum.mains_hz:.0f} Hz by ± {facts.amount(hum.amplitude)} "
            f"(seen at {hum.folded_hz:.1f} Hz)",
            "Lead the cell's cable away from mains and power supplies, ground its shield at one "
            "end and the plate's metal; the converter's slow rate (10/s) rejects mains",
        )
    if facts.is_counts and not hums and noise_times(m, facts) > NOISY_TIMES:
        converter = facts.converter or HX711
        yield Remark(
            "warn",
            "noise",
            f"noise {noise_times(m, facts):.0f} times that of a good {converter.name} "
            f"({facts.amount(m.rms)})",
            "Check shield and ground, twist the cell's wires in pairs, move the board away from "
            "the power supply; keep draughts and vibration off",
        )


def _mounting(m: ChannelMeasurement, facts: ChannelFacts) -> Iterator[Remark]:
    ring = m.resonance
    if ring is not None and ring.settling_s is not None and ring.settling_s > LONG_RING_S:
        yield Remark(
            "warn",
            "ringing",
            f"rings at {ring.frequency_hz:.1f} Hz and settles in {ring.settling_s:.1f} s",
            "Stiffen it: tighten the cell's screws, a lighter plate, spacers on firm ground; or "
            "damp it with a strip of foam beside the cell",
        )
    elif ring is not None and ring.frequency_hz < LOW_RING_HZ:
        yield Remark(
            "warn",
            "ringing",
            f"swings at {ring.frequency_hz:.1f} Hz",
            "Stiffen it: tighten the cell's screws, a lighter plate; see that the shelf itself "
            "stands firm",
        )
    if m.still_share < 0.5:
        yield Remark(
            "warn",
            "stillness",
            f"did not rest while it was measured (moved by {facts.amount(m.moved)})",
            "Keep hands off and ask again; else the shelf shakes: find the motor or the door",
        )
    elif m.drift is not None and facts.is_calibrated:
        per_min = abs(m.drift.per_minute / facts.counts_per_g)
        error = abs(m.drift.error / facts.counts_per_g)
        if per_min - DRIFT_SIGMAS * error > DRIFT_G_PER_MIN:
            yield Remark(
                "warn",
                "drift",
                f"drifts by {per_min:.1f} ± {error:.1f} g a minute",
                "Wait ten minutes after power-on or a heavy load and ask again; else something "
                "leans on the plate, or heat or a draught reaches the cell",
            )
