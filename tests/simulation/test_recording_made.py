"""`simulate` writes a recording as the contract's section 4 describes it, the same every time."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import UsageError
from edge_agent.settings import Settings
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.weights_text import header, rows

FILES = ["messages.jsonl", "shelf.toml", "truth.jsonl", "weights.csv"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording") / "made"
    simulate(7, 0.1, folder)
    return folder


def json_lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    recording: Path, tmp_path: Path
) -> None:
    simulate(7, 0.1, tmp_path / "again")
    simulate(8, 0.1, tmp_path / "other")
    assert sorted(file.name for file in recording.iterdir()) == FILES
    for name in FILES:
        assert (recording / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    for name in ("messages.jsonl", "truth.jsonl", "weights.csv"):
        assert (recording / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


def test_the_weights_have_a_row_for_each_sample_and_a_column_for_each_plate(
    recording: Path,
) -> None:
    settings = Settings.model_validate(tomllib.loads((recording / "shelf.toml").read_text()))
    with (recording / "weights.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["time", *(plate.id for plate in settings.plate)]
    assert len(table) == 1 + 360 * 80
    times = np.array([float(row[0]) for row in table[1:]])
    assert times[0] == 1772413200.0
    assert np.allclose(np.diff(times), 0.0125, atol=1e-6)
    assert all(len(row) == 13 for row in table)


def test_even_minutes_hold_visits_that_begin_after_a_quiet_minute(recording: Path) -> None:
    truth = json_lines(recording / "truth.jsonl")
    times = [float(str(line["time"])) for line in truth if line["truth"] == "change"]
    assert len(times) >= 3
    assert min(times) > 1772413200.0 + 60.0
    assert max(times) < 1772413200.0 + 280.0
    assert times == sorted(times)


def test_every_true_change_lies_in_the_signal(recording: Path) -> None:
    settings = Settings.model_validate(tomllib.loads((recording / "shelf.toml").read_text()))
    weight_g = {product.sku: product.weight_g or 0.0 for product in settings.product}
    table = np.genfromtxt(recording / "weights.csv", delimiter=",", skip_header=1)
    column = {plate.id: 1 + n for n, plate in enumerate(settings.plate)}
    expected = dict.fromkeys(column, 0.0)
    for line in json_lines(recording / "truth.jsonl"):
        if line["truth"] == "change":
            items = line["items"]
            assert isinstance(items, list)
            for item in items:
                expected[str(line["plate"])] += item["quantity"] * weight_g[item["sku"]]
    for plate, step_g in expected.items():
        before_g = np.nanmedian(table[:800, column[plate]])
        after_g = np.nanmedian(table[-800:, column[plate]])
        assert after_g - before_g == pytest.approx(step_g, abs=6.0 + 0.02 * abs(step_g))


def test_messages_arrive_in_order_within_the_recording(recording: Path) -> None:
    messages = json_lines(recording / "messages.jsonl")
    times = [float(str(message["time"])) for message in messages]
    assert times == sorted(times)
    assert times[-1] <= 1772413200.0 + 360.0
    assert {message["topic"] for message in messages} <= {"payments", "restocks"}


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    parts: list[float] = []
    simulate(1, 0.05, tmp_path, rate_hz=10.0, progress=parts.append)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_no_hours_and_a_file_in_the_way_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 hours"):
        simulate(1, 0, tmp_path)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        simulate(1, 0.05, in_the_way, rate_hz=10.0)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 99_999_999_999_999),
            st.lists(
                st.one_of(st.none(), st.floats(-999, 9999, width=32)),
                min_size=2,
                max_size=2,
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_text_of_the_weights_reads_back_to_the_centigram(
    samples: list[tuple[int, list[float | None]]],
) -> None:
    ticks = np.array([at for at, _ in samples], dtype=np.int64)
    grams = np.array([[np.nan if g is None else g for g in row] for _, row in samples])
    text = header(["A1", "A2"]) + rows(ticks, grams.astype(np.float32)) + b"\n"
    table = list(csv.reader(text.decode().splitlines()))
    assert table[0] == ["time", "A1", "A2"]
    for (at, row), fields in zip(samples, table[1:], strict=True):
        assert round(float(fields[0]) * 10_000) == at
        for value, field in zip(row, fields[1:], strict=True):
            if value is None:
                assert field == ""
            else:
                assert float(field) == pytest.approx(value, abs=0.0051)
