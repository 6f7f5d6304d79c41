"""`edge-agent simulate`: a recording with truth (contract, section 4), from a seed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_agent.errors import UsageError
from edge_agent.simulation.live import USUAL_VISITS_PER_HOUR, LiveShelf
from edge_agent.simulation.shop import settings_toml
from edge_agent.simulation.variation import USUAL, Variation
from edge_agent.simulation.weights_text import TICKS_PER_S, header, rows

if TYPE_CHECKING:
    from edge_agent.simulation.pictures.recorded import RecordedPictures

# Monday, 2 March 2026, midnight in Shanghai.
MIDNIGHT_AT = 1772380800.0
MORNING_S = 9 * 3600.0
BLOCK_S = 60.0
# Even a recording of minutes has this many visits, and this much quiet at its end at the most.
FEWEST_VISITS = 5
QUIET_END_S = 300.0
MOST_HOURS = 24.0 * 366
# What was wrong with the camera; beside the truth, whose lines the contract defines.
CAMERA_TRUTH_FILE = "camera-truth.jsonl"


def simulate(
    seed: int,
    hours: float,
    out: Path,
    *,
    profile: str = "default",
    rate_hz: float | None = None,
    visits_per_hour: float = USUAL_VISITS_PER_HOUR,
    variation: Variation = USUAL,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write `shelf.toml`, `weights.csv`, `messages.jsonl` and `truth.jsonl` into folder `out`.

    The same arguments give the same bytes. A whole day or more begins at midnight, less at nine
    in the morning. Without `rate_hz` the rate is that of the profile's plates; with 0
    `visits_per_hour` no hand comes near; `variation` is what else is not as usual. `progress` is
    told the part that is done, 0 to 1. Files of these names are replaced. Raises UsageError for
    arguments that make no recording.
    """
    if not 0.0 < hours <= MOST_HOURS:
        raise UsageError(f"A recording of {hours} hours; give more than 0, at most {MOST_HOURS:g}.")
    rate_hz = variation.build(profile).rate_hz if rate_hz is None else rate_hz
    shelf = shelf_to_record(seed, hours, profile, rate_hz, visits_per_hour, variation)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UsageError(f"{out} is a file; give a folder for the recording.") from error
    (out / "shelf.toml").write_text(settings_toml(shelf.settings), encoding="utf-8")
    pictures = _pictures(shelf, seed, profile, variation, out)
    messages = _write_weights(shelf, hours * 3600.0, out / "weights.csv", progress, pictures)
    messages += [message.line() for message in shelf.messages_due(math.inf)]
    _write_lines(out / "messages.jsonl", messages)
    truth = truth_lines(shelf, with_visits=variation.adversarial is not None)
    if pictures is not None:
        pictures.write_until(shelf.now, is_end=True)
        _write_lines(out / CAMERA_TRUTH_FILE, pictures.truth())
    _write_lines(out / "truth.jsonl", truth)


def _pictures(
    shelf: LiveShelf, seed: int, profile: str, variation: Variation, out: Path
) -> RecordedPictures | None:
    """The shelf's camera, where it has one."""
    if variation.pictures is None:
        return None
    # Only pictures need OpenCV, which is heavy.
    from edge_agent.simulation.pictures.recorded import RecordedPictures

    effects = variation.profile(profile)
    return RecordedPictures(shelf, seed, variation.pictures, effects, out)


def truth_lines(shelf: LiveShelf, *, with_visits: bool) -> list[dict[str, Any]]:
    """What really happened on a shelf so far as lines of `truth.jsonl`, by time."""
    changes, losses = shelf.truth_until(math.inf)
    lines = [(c.at, c.line()) for c in changes] + [(x.at, x.line()) for x in losses]
    if with_visits:
        lines += [(visit.starts_at, visit.line()) for visit in shelf.visits_until(math.inf)]
    return [line for _, line in sorted(lines, key=lambda line: line[0])]


def shelf_to_record(
    seed: int,
    hours: float,
    profile: str,
    rate_hz: float,
    visits_per_hour: float,
    variation: Variation,
) -> LiveShelf:
    """The shelf whose `hours` are recorded: when they begin, and when the last hand may come."""
    if visits_per_hour and not variation.only_weights:
        visits_per_hour = max(visits_per_hour, FEWEST_VISITS / hours)
    duration_s = hours * 3600.0
    start_at = MIDNIGHT_AT + (0.0 if hours >= 24 else MORNING_S)
    end_at = start_at + duration_s
    return LiveShelf(
        seed,
        start_at,
        profile,
        rate_hz,
        visits_per_hour,
        variation=variation,
        end_at=end_at,
        last_hand_at=end_at - min(QUIET_END_S, 0.25 * duration_s),
        quiet_s=min(60.0, 0.2 * duration_s),
    )


def _write_weights(
    shelf: LiveShelf,
    duration_s: float,
    file: Path,
    progress: Callable[[float], None] | None,
    pictures: RecordedPictures | None,
) -> list[dict[str, Any]]:
    """Write the samples block by block; the messages that arrive meanwhile."""
    messages: list[dict[str, Any]] = []
    start_ticks = round(shelf.start_at * TICKS_PER_S)
    samples = max(1, round(duration_s * shelf.rate_hz))
    with file.open("wb") as weights:
        weights.write(header(shelf.plates))
        while shelf.cells.sample < samples:
            first = shelf.cells.sample
            left_s = (samples - first) / shelf.rate_hz
            _, grams = shelf.next_grams(min(BLOCK_S, left_s))
            numbers = np.arange(first, shelf.cells.sample)
            ticks = start_ticks + np.rint(numbers * (TICKS_PER_S / shelf.rate_hz))
            weights.write(rows(ticks.astype(np.int64), grams))
            messages += [message.line() for message in shelf.messages_due(shelf.now)]
            if pictures is not None:
                pictures.write_until(shelf.now)
            if progress is not None:
                progress(shelf.cells.sample / samples)
        weights.write(b"\n")
    return messages


def _write_lines(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")
