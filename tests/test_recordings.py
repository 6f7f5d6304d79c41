"""Recordings: a folder written, read back, and told where it cannot be read."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent import weights_csv
from edge_agent.decimal_text import PAD, parse_decimals
from edge_agent.errors import RecordingError, SettingsError
from edge_agent.recording_writer import RecordingWriter
from edge_agent.recordings import RecordedMessage, Recording
from edge_agent.truth import TrueChange, TrueLoss

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

SETTINGS = """\
shelf_id = "office-7"
currency = "CNY"
[[plate]]
id = "A1"
scale = "main"
channel = 0
products = ["690"]
[[plate]]
id = "A2"
scale = "main"
channel = 1
[[product]]
sku = "690"
name = "Soda"
weight_g = 346
price = 350
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shelf.toml").write_text(SETTINGS)
    (tmp_path / "weights.csv").write_text("time,A1,A2\n")
    return tmp_path


def read(folder: Path, seconds: float = 0.2) -> list[list[float]]:
    """All rows, times first."""
    blocks = Recording(folder).weight_blocks(seconds)
    return [
        [float(t), *map(float, g)]
        for times, grams in blocks
        for t, g in zip(times, grams, strict=True)
    ]


PLAIN = re.compile(r"-?(\d+\.?\d*|\.\d+)")


def fault(folder: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        recording = Recording(folder)
        list(recording.weight_blocks())
        list(recording.frames())
        recording.messages()
        recording.truth()
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "day", SETTINGS, ["A2", "A1"]) as writer:
        writer.row(1000.0, [1.5, -0.25])
        writer.row(1000.0125, [None, 346.0])
        writer.row(1000.3, [math.nan, 346.0])
        writer.message(1000.1, "payments", b'{"id":"1","n":1.50}')
        writer.message(1000.1, "payments", b'{"id":"1","n":2,"\xc3\xa9":"x"}')
        writer.message(1000.2, "commands", b"eyJhbGciOi.e30.x")
        writer.message(1000.3, "commands", b"\xff\x00 not text")
        writer.message(1000.4, "commands", b'["a list"]')
        writer.frame("front", 1000.25, b"jpeg")
    recording = Recording(tmp_path / "day")
    assert recording.plates_in_file == ("A2", "A1")
    blocks = list(recording.weight_blocks())
    assert [len(times) for times, _ in blocks] == [2, 1]
    np.testing.assert_array_equal(blocks[0][0], [1000.0, 1000.0125])
    np.testing.assert_array_equal(blocks[0][1], [[1.5, -0.25], [np.nan, 346.0]])
    assert recording.messages() == [
        RecordedMessage(1000.1, "payments", b'{"id":"1","n":1.50}'),
        RecordedMessage(1000.1, "payments", b'{"id":"1","n":2,"\xc3\xa9":"x"}'),
        RecordedMessage(1000.2, "commands", b"eyJhbGciOi.e30.x"),
        RecordedMessage(1000.3, "commands", b"\xff\x00 not text"),
        RecordedMessage(1000.4, "commands", b'["a list"]'),
    ]
    assert [(f.camera, f.at, f.path.read_bytes()) for f in recording.frames()] == [
        ("front", 1000.25, b"jpeg")
    ]
    assert recording.duration_s == pytest.approx(0.4)
    assert recording.warnings == []


def test_a_recording_is_not_written_over_another(folder: Path) -> None:
    with pytest.raises(RecordingError, match="is not empty"):
        RecordingWriter(folder, SETTINGS, ["A1"])


def test_an_object_becomes_compact_json_and_text_its_bytes(folder: Path) -> None:
    (folder / "messages.jsonl").write_text(
        '{"time": 5, "topic": "payments", "payload": {"a": [1, 2], "b": "é"}}\n'
        '\n{"time": 4.5, "topic": "payments", "payload": "ey.J.x", "qos": 1}\n'
    )
    assert Recording(folder).messages() == [
        RecordedMessage(4.5, "payments", b"ey.J.x"),
        RecordedMessage(5.0, "payments", '{"a":[1,2],"b":"é"}'.encode()),
    ]


def test_blocks_are_cut_at_multiples_of_their_span(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{1000 + n / 10:.1f},{n},\n" for n in range(25))
    (folder / "weights.csv").write_text("time,A1,A2\n" + rows)
    whole = [times.tolist() for times, _ in Recording(folder).weight_blocks(1.0)]
    assert [len(times) for times in whole] == [10, 10, 5]
    # Bites of the file end anywhere; the blocks must not show where.
    monkeypatch.setattr(weights_csv, "BITE_BYTES", 33)
    assert [times.tolist() for times, _ in Recording(folder).weight_blocks(1.0)] == whole
    assert Recording(folder).span == (1000.0, 1002.4)


def test_windows_line_ends_and_unusual_numbers_are_read(folder: Path) -> None:
    (folder / "weights.csv").write_bytes(
        b"time,A1,A2\r\n1000,1e2,+3\r\n1000.000000000001,-.5,12345678901234567890\r\n"
    )
    assert read(folder) == [[1000.0, 100.0, 3.0], [1000.000000000001, -0.5, 12345678901234567890.0]]


NUMBERS = st.one_of(
    st.none(),
    st.decimals(-99999, 99999, places=2).map(str),
    st.decimals(-9, 9, places=3).map(str),
    st.integers(-(10**9), 10**9).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.decimals(-(10**7), 10**7, places=8).map(str),
)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12),
    start=st.decimals(0, 2_000_000_000, places=4),
    end=st.sampled_from(["\n", "\r\n"]),
    bite=st.integers(1, 200),
)
def test_the_reader_agrees_with_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str | None, str | None]],
    start: object,
    end: str,
    bite: int,
) -> None:
    folder = tmp_path_factory.mktemp("recording")
    (folder / "shelf.toml").write_text(SETTINGS)
    text = "".join(f"{start},{a or ''},{b or ''}{end}" for a, b in rows)
    (folder / "weights.csv").write_bytes(f"time,A1,A2{end}{text}".encode())
    with (folder / "weights.csv").open(newline="") as file:
        expected = [[float(f or "nan") for f in row] for row in list(csv.reader(file))[1:]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights_csv, "BITE_BYTES", bite)
        np.testing.assert_array_equal(read(folder) or np.empty(0), expected or np.empty(0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789.-+e x", max_size=18), min_size=1, max_size=40))
def test_many_decimals_at_once_are_read_as_float_reads_them_or_left(fields: list[str]) -> None:
    text = (",".join(fields) + ",").encode()
    characters = np.frombuffer(b"9" * PAD + text, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord(","))
    lengths = np.array([len(field) for field in fields])
    for field, value in zip(fields, parse_decimals(characters, ends, lengths), strict=True):
        if not math.isnan(value):
            assert value == float(field)
        else:
            assert len(field) > 8 or not PLAIN.fullmatch(field), field


def test_plain_decimals_are_all_read_the_quick_way() -> None:
    fields = ["0.00", "-12.34", "99999.99", "-1.5", "7", "-7", "1587532009.58", "-12345678.90123"]
    text = (",".join(fields) + ",").encode()
    characters = np.frombuffer(b"\n" * PAD + text, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord(","))
    values = parse_decimals(characters, ends, np.array([len(field) for field in fields]))
    assert values.tolist() == [float(field) for field in fields]


def test_a_last_line_cut_by_a_power_failure_is_left_out_and_told(folder: Path) -> None:
    (folder / "weights.csv").write_text("time,A1,A2\n1000,1,2\n1000.1,3,3")
    (folder / "messages.jsonl").write_bytes(
        b'{"time":1,"topic":"payments","payload":"x"}\n{"time":2,"topic":"p\xc3'
    )
    recording = Recording(folder)
    assert [times.tolist() for times, _ in recording.weight_blocks()] == [[1000.0]]
    assert len(recording.messages()) == 1
    assert [w.partition("files")[2] or w for w in recording.warnings] == [
        f"{folder / 'weights.csv'}, line 3, has no end and was left out",
        f"{folder / 'messages.jsonl'}, line 2, has no end and was left out",
    ]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            "time,A1,A2\n1000,1,2\n1001,1\n1002,1,2\n",
            ["line 3: 2 fields", "header has 3", "'1001,1'"],
        ),
        ("time,A1,A2\n1000,1,2\n1001,1,2,3\n", ["line 3: 4 fields", "'1001,1,2,3'"]),
        ("time,A1,A2\n1000,1,2\n\n1002,1,2\n", ["line 3: 1 fields"]),
        ("time,A1,A2\n1000,1,two\n", ["line 2: column 'A2' holds 'two'", "not a number"]),
        ("time,A1,A2\n1000,1,nan\n", ["line 2: column 'A2' holds 'nan'"]),
        ("time,A1,A2\n1000,1 ,2\n", ["line 2: column 'A1' holds '1 '"]),
        ("time,A1,A2\n1000,1,2\nyesterday,1,2\n", ["line 3: column 'time' holds 'yesterday'"]),
        ("time,A1,A2\n1000,1,2\n,1,2\n", ["line 3: the time is missing"]),
        (
            "time,A1,A2\n1000,1,2\n999.5,1,2\n",
            ["line 3: time goes back from 1000.0000 to 999.5000"],
        ),
        ("time,A1,B7\n", ["line 1: plate 'B7' is not in shelf.toml", "A1, A2"]),
        ("time,A1,A1\n", ["line 1: plate 'A1' stands twice"]),
        ("time,A1,\n", ["line 1: a column has no name"]),
        ("A1,A2\n", ["line 1", "time,<plate>"]),
        ("", ["line 1", "time,<plate>"]),
    ],
)
@pytest.mark.parametrize("bite", [1 << 18, 7])
def test_weights_that_cannot_be_read_name_the_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, weights: str, said: list[str], bite: int
) -> None:
    monkeypatch.setattr(weights_csv, "BITE_BYTES", bite)
    (folder / "weights.csv").write_text(weights)
    told = fault(folder)
    assert str(folder / "weights.csv") in told
    assert all(part in told for part in said), told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"time": 1, "topic": "payments"', ["line 2: this is not JSON"]),
        ('{"time": "now", "topic": "payments", "payload": {}}', ["line 2: time: "]),
        ('{"topic": "payments", "payload": {}}', ["line 2: time: Field required"]),
        ('{"time": 1, "topic": "payments"}', ["line 2: payload: Field required"]),
        ("[]", ["line 2: the line: "]),
    ],
)
def test_messages_that_cannot_be_read_name_the_line(
    folder: Path, line: str, said: list[str]
) -> None:
    good = '{"time": 1, "topic": "payments", "payload": {}}\n'
    (folder / "messages.jsonl").write_text(f"{good}{line}\n{good}")
    told = fault(folder)
    assert str(folder / "messages.jsonl") in told
    assert all(part in told for part in said), told


def test_a_recording_with_neither_weights_nor_pictures_is_none(folder: Path) -> None:
    (folder / "weights.csv").unlink()
    (folder / "frames" / "front").mkdir(parents=True)
    assert "has neither weights.csv nor pictures" in fault(folder)


def test_a_recording_may_have_pictures_alone(folder: Path) -> None:
    (folder / "weights.csv").unlink()
    for camera, milliseconds in (("front", 2000), ("side", 1000), ("front", 1000)):
        (folder / "frames" / camera).mkdir(parents=True, exist_ok=True)
        (folder / "frames" / camera / f"{milliseconds}.jpg").write_bytes(b"")
    recording = Recording(folder)
    assert [(f.camera, f.at) for f in recording.frames()] == [
        ("front", 1.0),
        ("side", 1.0),
        ("front", 2.0),
    ]
    assert list(recording.weight_blocks()) == []
    assert recording.span == (1.0, 2.0)


def test_a_picture_with_an_impossible_name_is_told(folder: Path) -> None:
    (folder / "frames" / "front").mkdir(parents=True)
    (folder / "frames" / "front" / "breakfast.jpg").write_bytes(b"")
    assert "breakfast.jpg: a picture is named by its Unix milliseconds" in fault(folder)


def test_a_folder_that_is_none_or_has_no_settings_is_told(folder: Path) -> None:
    assert "is no folder" in fault(folder / "nowhere")
    (folder / "shelf.toml").unlink()
    assert "has no shelf.toml" in fault(folder)


def test_wrong_settings_in_a_recording_point_at_their_line(folder: Path) -> None:
    (folder / "shelf.toml").write_text(SETTINGS.replace("price = 350", "price = -1"))
    with pytest.raises(SettingsError, match=r"shelf\.toml, line 16: product\.690\.price is -1"):
        Recording(folder)


def test_a_weighed_plate_without_a_column_is_a_warning(folder: Path) -> None:
    (folder / "weights.csv").write_text("time,A1\n1000,1\n")
    recording = Recording(folder)
    assert recording.warnings == [f"{folder / 'weights.csv'} has no column for plates A2"]


def test_truth_is_read(folder: Path) -> None:
    lines = [
        {"truth": "change", "time": 1.5, "plate": "A1", "items": [{"sku": "690", "quantity": -1}]},
        {"truth": "change", "time": 2, "plate": "A1", "items": [], "grams": -30.5},
        {"truth": "loss", "time": 3, "kind": "unpaid", "sku": "690", "quantity": 1, "value": 350},
    ]
    (folder / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Recording(folder).truth() == [
        TrueChange(1.5, "A1", (("690", -1),)),
        TrueChange(2.0, "A1", (), -30.5),
        TrueLoss(3.0, "unpaid", "690", 1, 350),
    ]


def test_truth_of_an_unknown_sort_names_the_line(folder: Path) -> None:
    (folder / "truth.jsonl").write_text('{"truth": "rumour", "time": 1}\n')
    assert "truth.jsonl, line 1: " in fault(folder)


def test_a_real_recording_is_read() -> None:
    folder = SHARED / "aifi-benchmark-1"
    if not folder.is_dir():
        pytest.skip(f"no shared data at {SHARED}")
    recording = Recording(folder)
    with (folder / "weights.csv").open(newline="") as file:
        expected = [[float(f or "nan") for f in row] for row in list(csv.reader(file))[1:]]
    np.testing.assert_array_equal(read(folder), expected)
    assert len(recording.plates_in_file) == 278
    assert recording.truth()[0] == TrueChange(1587532009.58, "1-5-11", (("071142008582", -1),))
    assert recording.warnings == []
