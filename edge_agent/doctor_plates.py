"""The doctor's judgement of plates, from seconds of their samples and the agent's own figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge_agent.doctor_finding import Finding
from edge_agent.settings import PlateSettings, Settings
from edge_agent.weighing.diagnosis.channel import LEAST_SAMPLES, ChannelMeasurement, measure_channel
from edge_agent.weighing.diagnosis.converters import HX711, Converter, noise_free_steps
from edge_agent.weighing.diagnosis.facts import ChannelFacts, Remark
from edge_agent.weighing.diagnosis.noise import FloatArray
from edge_agent.weighing.diagnosis.verdicts import judge_channel, noise_times

# Boards whose plates need a calibration; the other drivers' scales report grams themselves.
IN_COUNTS = ("stream",)
UNDER_ZERO_SHARE = 0.01
# More than this of a board's channels alike, and it is not their own wiring.
COMMON_SHARE = 0.6
COMMON_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class PlateSamples:
    """What was heard of one plate: `times` (n,) Unix seconds, `counts` (n,), NaN where missing.

    `health` holds the figures of `PlateHealth`, None what is not known. `overloads` counts samples
    beyond what the scale can weigh; `converter` and `told_rate_hz` are what its board said of
    itself.
    """

    plate: PlateSettings
    times: FloatArray
    counts: FloatArray
    health: dict[str, Any]
    overloads: int = 0
    converter: Converter | None = None
    told_rate_hz: float | None = None


def judge_plates(settings: Settings, heard: Sequence[PlateSamples]) -> Iterator[Finding]:
    """Findings for the plates of one scale, one a plate and more where more is wrong with it.

    What most of the scale's channels have in common is said of the scale as well.
    """
    topics: Counter[str] = Counter()
    for samples in heard:
        findings, said = judge_plate(settings, samples)
        topics.update(said)
        yield from findings
    for topic in ("hum", "noise", "spikes", "samples"):
        share = topics[topic] / max(len(heard), 1)
        if len(heard) >= COMMON_CHANNELS and share > COMMON_SHARE:
            yield Finding(
                "warn",
                f"scale {heard[0].plate.scale} {topic}",
                f"{topics[topic]} of {len(heard)} channels say the same of their {topic}",
                "Begin with what they share: the board's power supply, its ground, its line",
            )


def judge_plate(settings: Settings, heard: PlateSamples) -> tuple[list[Finding], set[str]]:
    """Findings for one plate, the worst first, and the topics that something is wrong with."""
    plate, what = heard.plate, f"plate {heard.plate.id}"
    if int(sum(math.isfinite(c) for c in heard.counts)) < LEAST_SAMPLES:
        return [_silent(heard)], set()
    facts = ChannelFacts(
        zero_counts=plate.zero_counts,
        counts_per_g=plate.counts_per_g,
        capacity_g=plate.capacity_g,
        is_counts=driver_of(settings, plate) in IN_COUNTS,
        converter=heard.converter,
        told_rate_hz=heard.told_rate_hz,
    )
    measured = measure_channel(heard.times, heard.counts)
    remarks = judge_channel(measured, facts)
    remarks += [*_of_weight(settings, heard, measured, facts)]
    remarks.sort(key=lambda remark: remark.verdict != "fail")
    figures = figures_of(measured, facts, heard.health)
    detail = _detail(measured, facts, figures)
    if not remarks:
        return [Finding("ok", what, detail, measured=figures)], set()
    first, *others = remarks
    findings = [
        Finding(first.verdict, what, f"{detail}; {first.detail}", first.remedy, figures),
        *(Finding(r.verdict, f"{what} {r.topic}", r.detail, r.remedy) for r in others),
    ]
    return findings, {remark.topic for remark in remarks}


def _silent(heard: PlateSamples) -> Finding:
    channel = f"channel {heard.plate.channel} of scale {heard.plate.scale}"
    remedy = f"Check the load cell's plug at {channel}, and the plate's `channel`"
    if heard.overloads:
        remedy = "Take weight off; else check the load cell's wiring"
        return Finding("fail", f"plate {heard.plate.id}", f"{channel} says overload", remedy)
    some = int(sum(math.isfinite(c) for c in heard.counts))
    found = f"only {some} samples" if some else "no samples"
    return Finding("fail", f"plate {heard.plate.id}", f"{found} from {channel}", remedy)


def _of_weight(
    settings: Settings, heard: PlateSamples, measured: ChannelMeasurement, facts: ChannelFacts
) -> Iterator[Remark]:
    """What the weight itself says, and the settings beside it."""
    plate = heard.plate
    if not facts.is_calibrated:
        remedy = f"edge-agent calibrate {plate.id} --mass 500"
        yield Remark("warn", "calibration", "not calibrated", remedy)
        return
    weight_g = weight_of(measured, facts)
    # The settings say what a cell bears; one that gives no weight is told of already.
    beyond = weight_g > plate.capacity_g or (heard.overloads and not facts.is_counts)
    if beyond and not measured.saturated:
        yield Remark(
            "fail",
            "load",
            f"beyond its capacity of {plate.capacity_g:g} g",
            "Take weight off; else check the load cell's wiring, then calibrate again",
        )
    elif weight_g < -max(
        UNDER_ZERO_SHARE * plate.capacity_g, 10 * measured.rms / abs(plate.counts_per_g)
    ):
        yield Remark(
            "warn",
            "load",
            "weighs less than nothing",
            f"Put back what belongs on the cell; if the plate is empty: edge-agent tare {plate.id}",
        )
    lightest_g = min(_weights(settings, plate), default=None)
    smallest_g = heard.health.get("smallest_change_g")
    if lightest_g is not None and smallest_g is not None and smallest_g > lightest_g:
        yield Remark(
            "warn",
            "noise",
            f"too noisy to see {lightest_g:g} g leave",
            "Keep draughts and vibration off, check its ground, or use a smaller load cell",
        )


def weight_of(measured: ChannelMeasurement, facts: ChannelFacts) -> float:
    """The plate's weight in grams at the end of the measurement."""
    return (measured.level - facts.zero_counts) / facts.counts_per_g


def figures_of(
    measured: ChannelMeasurement, facts: ChannelFacts, health: dict[str, Any]
) -> dict[str, Any]:
    """The measurement for programs: as measured (in counts), and what grams say more."""
    figures = asdict(measured)
    figures["smallest_change_g"] = None
    if facts.is_calibrated:
        figures["smallest_change_g"] = health.get("smallest_change_g")
        figures["weight_g"] = round(weight_of(measured, facts), 3)
        figures["noise_g"] = round(measured.rms / abs(facts.counts_per_g), 4)
    if facts.is_counts and measured.rms > 0:
        converter = facts.converter or HX711
        figures["noise_times_converter"] = round(noise_times(measured, facts), 2)
        figures["converter"] = converter.name if facts.converter else f"{converter.name} (assumed)"
        full = facts.counts_per_g * facts.capacity_g
        if facts.is_calibrated:
            figures["noise_free_steps"] = round(noise_free_steps(full, measured.rms))
    return figures


def _detail(measured: ChannelMeasurement, facts: ChannelFacts, figures: dict[str, Any]) -> str:
    """The plate's line: weight, rate, noise, what it can tell."""
    parts = [f"{measured.rate_hz:.1f} Hz"]
    if facts.is_calibrated:
        parts.insert(0, f"{figures['weight_g']:.1f} g")
    noise = f"noise {facts.amount(measured.rms)}"
    times = figures.get("noise_times_converter")
    if times is not None:
        noise += f" ({times:.1f} × {(facts.converter or HX711).name})"
    parts.append(noise)
    if figures["smallest_change_g"] is not None:
        parts.append(f"tells changes from {figures['smallest_change_g']:.1f} g")
    ring = measured.resonance
    if ring is not None and ring.settling_s is not None:
        parts.append(f"rings at {ring.frequency_hz:.0f} Hz for {ring.settling_s:.1f} s")
    return ", ".join(parts)


def driver_of(settings: Settings, plate: PlateSettings) -> str | None:
    """The driver of the scale that a plate is on."""
    return next((s.driver for s in settings.scale if s.id == plate.scale), None)


def _weights(settings: Settings, plate: PlateSettings) -> list[float]:
    return [p.weight_g for p in settings.product if p.sku in plate.products and p.weight_g]
