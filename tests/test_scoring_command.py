"""`edge-agent score` on recordings: every figure is printed, and alike however it is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent.cli.main import main

FIGURES = (
    "changes, items right",
    "changes, weight right",
    "changes, told at all",
    "losses",
    "false/h",
    "whole action weighs right",
    "doubles 0.3-0.6 s apart split",
    "doubles 0.9-1.2 s apart split",
    "doubles from 0.6 s apart split",
    "weight error, median",
    "weight error, 95 %",
    "first told after the hand has gone, p50",
    "first told after the hand has gone, p99",
    "accepted identities right",
    "identities abstained from",
    "with the truth among the alternatives",
    "calibration error, bins of equal mass",
    "calibration error, ten fixed bins",
    "% of a core",
)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("recordings")
    folders = [folder / "one", folder / "two"]
    for seed, out in enumerate(folders):
        arguments = ["--hours", "0.1", "--rate", "20", "--visits-per-hour", "200", "--only-weights"]
        assert main(["simulate", "--seed", str(seed), *arguments, "--out", str(out)]) == 0
    return [str(out) for out in folders]


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["score", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("replay")["cpu_s"] > 0
    return found


def test_score_prints_every_figure(
    recordings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", recordings[0], "--verbose"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in FIGURES if name not in printed] == []
    assert "mean confidence" in printed


def test_recordings_scored_together_add_up_whatever_the_jobs(
    recordings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    together = figures(capsys, *recordings)
    apart = [figures(capsys, folder) for folder in recordings]
    assert figures(capsys, *recordings, "--jobs", "2") == together
    assert together["recordings"] == 2
    for tally in ("changes", "weights", "steps"):
        for count in ("found", "missed", "false"):
            assert together[tally][count] == sum(one[tally][count] for one in apart)
    assert together["actions"]["of"] == sum(one["actions"]["of"] for one in apart)
    assert together["weights"]["found"] > 10
    assert together["weights_expected"] == 0


def test_a_recording_without_truth_is_scored_with_a_warning(
    recordings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    truth = Path(recordings[1]) / "truth.jsonl"
    kept = truth.read_bytes()
    truth.unlink()
    try:
        assert main(["score", recordings[1]]) == 0
    finally:
        truth.write_bytes(kept)
    assert "has no truth.jsonl" in capsys.readouterr().err
