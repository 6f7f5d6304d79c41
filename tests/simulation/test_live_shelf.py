"""The live shelf gives samples, messages and truth as it goes along, without end."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from edge_agent.errors import UsageError
from edge_agent.simulation.live import MISSING_COUNTS, LiveShelf
from edge_agent.simulation.profiles import PROFILES, Profile

START_AT = 1772413200.0


def busy_shelf(profile: str = "default", rate_hz: float = 20.0) -> LiveShelf:
    return LiveShelf(9, START_AT, profile, rate_hz, 90.0, office_rhythm=False, quiet_s=20.0)


def test_truth_adds_up_to_the_levels_of_a_signal_without_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PROFILES, "silent", Profile.only(doubles=1.0, leans=1.0))
    shelf = busy_shelf("silent")
    _, first = shelf.next_grams(1.0)
    _, grams = shelf.next_grams(1799.0)
    moved_g: dict[str, float] = defaultdict(float)
    units: dict[tuple[str, str], int] = defaultdict(int)
    for action in shelf.events_due(shelf.now - 8.0):
        moved_g[action.plate] += action.delta_g
        if action.sku:
            units[action.plate, action.sku] += action.quantity
    at_rest = -1 - round(8.0 * 20.0)
    for column, plate in enumerate(shelf.plates):
        step_g = float(grams[at_rest, column]) - float(first[0, column])
        assert step_g == pytest.approx(moved_g[plate], abs=0.1)
    changes, _ = shelf.truth_until(shelf.now - 8.0)
    true_units: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes:
        true_units[change.plate, change.sku] += change.quantity
    assert true_units == units
    assert len(changes) > 30


def test_counts_are_the_grams_by_the_calibration_of_the_settings() -> None:
    by_grams, by_counts = busy_shelf("calm"), busy_shelf("calm")
    times, grams = by_grams.next_grams(5.0)
    counted_times, counts = by_counts.next_block(5.0)
    plates = by_counts.settings.plate
    zero = np.array([plate.zero_counts for plate in plates])
    counts_per_g = np.array([plate.counts_per_g for plate in plates])
    assert counts.dtype == np.int64
    assert counts.shape == (100, 12)
    assert np.array_equal(times, counted_times)
    assert np.allclose((counts - zero) / counts_per_g, grams, atol=0.01)


def test_failed_conversions_are_marked_in_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROFILES, "faulty", Profile(dropouts=500.0))
    _, counts = busy_shelf("faulty").next_block(120.0)
    missing = counts == MISSING_COUNTS
    assert 0 < missing.sum() < 0.2 * counts.size
    assert np.abs(counts[~missing]).max() < 2**23


def test_short_blocks_neither_run_ahead_nor_fall_behind() -> None:
    shelf = busy_shelf("calm", 80.0)
    blocks = [shelf.next_block(0.02)[0] for _ in range(500)]
    assert shelf.now == pytest.approx(START_AT + 10.0, abs=0.02)
    assert np.allclose(np.diff(np.concatenate(blocks)), 1 / 80.0, atol=1e-6)


def test_actions_and_messages_are_told_once_and_in_order() -> None:
    shelf = busy_shelf()
    told = []
    for minute in range(1, 31):
        told += shelf.messages_due(START_AT + 60.0 * minute)
    times = [message.at for message in told]
    assert times == sorted(times)
    assert len(times) == len(busy_shelf().messages_due(START_AT + 1800.0)) > 20
    actions = busy_shelf().events_due(START_AT + 1800.0)
    assert [a.at for a in actions] == sorted(a.at for a in actions)
    assert actions[0].at - actions[0].hand_s >= START_AT + 20.0


def test_a_loss_is_told_only_when_it_can_be_known() -> None:
    shelf = busy_shelf()
    shelf.messages_due(START_AT + 7200.0)
    _, losses = shelf.truth_until(START_AT + 7200.0)
    assert len(losses) > 10
    first = min(loss.decided_at for loss in losses)
    assert not shelf.truth_until(first - 1.0)[1]
    rules = shelf.settings.matching
    for loss in losses:
        if loss.kind != "refunded":
            assert loss.decided_at >= loss.at + rules.grace_s


def test_the_visits_never_end_where_no_end_is_given() -> None:
    shelf = LiveShelf(9, START_AT, rate_hz=20.0, visits_per_hour=2.0)
    assert shelf.events_due(START_AT + 3 * 86400.0)[-1].at > START_AT + 2 * 86400.0


def test_an_unknown_profile_a_wrong_rate_and_a_wrong_seed_are_refused() -> None:
    with pytest.raises(UsageError, match="default, calm, harsh"):
        LiveShelf(1, START_AT, "stormy")
    with pytest.raises(UsageError, match="samples a second"):
        LiveShelf(1, START_AT, rate_hz=0.0)
    with pytest.raises(UsageError, match="visits an hour"):
        LiveShelf(1, START_AT, visits_per_hour=-1.0)
    with pytest.raises(UsageError, match="seed"):
        LiveShelf(-1, START_AT)
