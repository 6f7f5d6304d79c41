"""`edge-agent replay`, `simulate` and `score` on recordings, real and made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joserfc.jwk import ECKey

from edge_agent.cli.main import main
from edge_agent.cloud.events import make_event
from edge_agent.cloud.signatures import make_key_set, sign
from edge_agent.times import rfc3339

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
START = 1_772_420_400.0
SETTINGS = """
shelf_id = "office-7"
currency = "CNY"

[payments]
signature = "{signature}"

[[plate]]
id = "A1"
scale = "main"
channel = 0
products = ["cola"]

[[plate]]
id = "A2"
scale = "main"
channel = 1
products = ["nuts"]

[[product]]
sku = "cola"
name = "Cola"
weight_g = 346.0
price = 350

[[product]]
sku = "nuts"
name = "Nuts"
weight_g = 80.0
price = 1200
"""


def make_recording(
    folder: Path,
    steps: list[tuple[float, str, float]],
    messages: list[dict[str, Any]] = [],  # noqa: B006
    *,
    seconds: float = 60.0,
    signature: str = "optional",
) -> Path:
    """A quiet shelf at 20 samples/s with sharp steps (at, plate, grams)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shelf.toml").write_text(SETTINGS.format(signature=signature))
    times = START + np.arange(0, seconds, 0.05)
    noise = np.random.Generator(np.random.PCG64(1)).normal(0, 0.2, (len(times), 2))
    grams = noise + np.array([1730.0, 800.0])
    for at, plate, delta_g in steps:
        grams[times >= START + at, ["A1", "A2"].index(plate)] += delta_g
    rows = [f"{t:.3f},{a:.2f},{b:.2f}" for t, (a, b) in zip(times, grams, strict=True)]
    (folder / "weights.csv").write_text("time,A1,A2\n" + "\n".join(rows) + "\n")
    (folder / "messages.jsonl").write_text("".join(json.dumps(m) + "\n" for m in messages))
    return folder


def payment_event(at: float, *skus: str, **fields: Any) -> bytes:
    """A payment's CloudEvent as the cloud sends it."""
    when = rfc3339(START + at)
    content = {
        "payment_id": "P1",
        "revision": 3,
        "state": "paid",
        "opened_at": rfc3339(START + at - 5),
        "paid_at": when,
        "lines": [{"sku": sku, "quantity": 1, "unit_price": 350} for sku in skus],
        "currency": "CNY",
        "total": 350,
        "paid": 350,
        **fields,
    }
    return make_event(
        source="/cloud", event_id=f"e-{at}", type="shelf.payment", at=START + at, data=content
    )


def message(at: float, payload: bytes | str, topic: str = "payments") -> dict[str, Any]:
    """A line of `messages.jsonl`."""
    content = json.loads(payload) if isinstance(payload, bytes) else payload
    return {"time": START + at, "topic": topic, "payload": content}


def replayed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What `edge-agent replay` prints."""
    assert main(["replay", str(folder)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def told(lines: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    """The data of the events on one topic."""
    return [line["payload"]["data"] for line in lines if line["topic"] == topic]


def test_a_theft_is_told_as_change_visit_and_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = replayed(make_recording(tmp_path, [(20.0, "A2", -80.0)]), capsys)
    changes = {c["change_id"]: c for c in told(lines, "changes")}
    (change,) = changes.values()
    assert change["items"] == [{"sku": "nuts", "quantity": -1}]
    assert change["delta_g"] == pytest.approx(-80.0, abs=0.5)
    (case,) = told(lines, "losses")
    assert case["lines"][0]["kind"] == "unpaid"
    assert told(lines, "visits")[-1]["case_id"] == case["case_id"]
    (opened,) = [line for line in lines if line["topic"] == "losses"]
    assert opened["time"] == pytest.approx(START + 20 + 180, abs=1.5)


def test_every_line_is_a_cloud_event_with_an_id_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = replayed(make_recording(tmp_path, [(20.0, "A2", -80.0), (40.0, "A1", -346.0)]), capsys)
    events = [line["payload"] for line in lines]
    assert {e["specversion"] for e in events} == {"1.0"}
    assert len({(e["source"], e["id"]) for e in events}) == len(events) > 4


def test_the_same_recording_gives_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_recording(
        tmp_path, [(20.0, "A2", -80.0)], [message(30, payment_event(30, "nuts"))]
    )
    assert replayed(folder, capsys) == replayed(folder, capsys)


def test_a_payment_in_the_recording_settles_the_visit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_recording(
        tmp_path, [(20.0, "A2", -80.0)], [message(30, payment_event(30, "nuts"))]
    )
    lines = replayed(folder, capsys)
    assert told(lines, "losses") == []
    assert told(lines, "visits")[-1]["state"] == "settled"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("not json at all", "signed"),
        (payment_event(30, "nuts"), "not signed"),
        (payment_event(30, "nuts", currency="EUR"), "not signed"),
    ],
)
def test_what_is_not_signed_is_rejected_where_it_must_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], payload: bytes | str, words: str
) -> None:
    folder = make_recording(
        tmp_path, [(20.0, "A2", -80.0)], [message(30, payload)], signature="required"
    )
    lines = replayed(folder, capsys)
    (rejection,) = told(lines, "rejections")
    assert words in rejection["explanation"]
    assert len(told(lines, "losses")) == 1


def test_a_signed_payment_counts_and_a_forged_one_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    forger = ECKey.generate_key("P-256", {"kid": "k1"})
    steps = [(20.0, "A2", -80.0)]
    for name, signer, cases in (("good", key, 0), ("forged", forger, 1)):
        folder = make_recording(
            tmp_path / name,
            steps,
            [message(30, sign(payment_event(30, "nuts"), signer))],
            signature="required",
        )
        (folder / "payment-keys.json").write_text(json.dumps(make_key_set(key)))
        lines = replayed(folder, capsys)
        assert len(told(lines, "losses")) == cases
        assert len(told(lines, "rejections")) == cases


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"currency": "EUR"}, "EUR"),
        ({"lines": [{"sku": "nuts", "quantity": 0}]}, "quantity"),
        ({"state": "settled"}, "state"),
        ({"revision": "three"}, "revision"),
    ],
)
def test_a_payment_that_cannot_be_is_rejected_by_its_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], words: str
) -> None:
    folder = make_recording(tmp_path, [], [message(30, payment_event(30, "nuts", **wrong))])
    (rejection,) = told(replayed(folder, capsys), "rejections")
    assert words in rejection["explanation"]


def test_a_recording_with_neither_weights_nor_pictures_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shelf.toml").write_text(SETTINGS.format(signature="optional"))
    assert main(["replay", str(tmp_path)]) == 2
    assert "neither weights.csv nor pictures" in capsys.readouterr().err


def test_a_last_line_cut_in_half_is_left_out_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_recording(tmp_path, [(20.0, "A2", -80.0)])
    weights = folder / "weights.csv"
    weights.write_bytes(weights.read_bytes()[:-9])
    assert main(["replay", str(folder)]) == 0
    captured = capsys.readouterr()
    assert "warning" in captured.err
    assert '"losses"' in captured.out


def test_a_line_in_the_middle_that_is_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_recording(tmp_path, [])
    rows = (folder / "weights.csv").read_text().splitlines()
    rows[100] = "1772420405.0,17"
    (folder / "weights.csv").write_text("\n".join(rows) + "\n")
    assert main(["replay", str(folder)]) == 2
    assert "weights.csv, line 101" in capsys.readouterr().err


def test_a_new_catalogue_is_used_from_then_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = make_event(
        source="/cloud",
        event_id="c1",
        type="shelf.catalogue",
        at=START + 5,
        data={
            "version": 7,
            "products": [
                {"sku": "dates", "name": "Dates", "weight_g": 80.5, "weight_sd_g": 1, "price": 990}
            ],
            "plates": [{"id": "A2", "products": ["dates"]}],
        },
    )
    folder = make_recording(tmp_path, [(20.0, "A2", -80.0)], [message(5, catalogue, "catalogue")])
    (case,) = told(replayed(folder, capsys), "losses")
    assert [(x["sku"], x["unit_price"]) for x in case["lines"]] == [("dates", 990)]


def test_a_simulated_hour_is_made_alike_and_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "hour"
    command = ["simulate", "--seed", "77", "--hours", "0.5", "--visits-per-hour", "40"]
    assert main([*command, "--out", str(folder)]) == 0
    assert main(["score", str(folder), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["changes"]["f1"] >= 0.9
    assert figures["losses"]["recall"] >= 0.8
    assert figures["cases_against_paid_visits"] == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
def test_the_real_store_shows_one_bottle_taken_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = replayed(SHARED / "aifi-benchmark-1", capsys)
    changes = {c["change_id"]: c for c in told(lines, "changes")}
    (change,) = changes.values()
    assert (change["plate"], change["items"]) == (
        "1-5-11",
        [{"sku": "071142008582", "quantity": -1}],
    )
    (case,) = told(lines, "losses")
    assert [(x["kind"], x["sku"], x["quantity"]) for x in case["lines"]] == [
        ("unpaid", "071142008582", 1)
    ]
    assert main(["score", str(SHARED / "aifi-benchmark-1"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["changes"]["f1"], figures["losses"]["f1"]) == (1.0, 1.0)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
def test_a_recording_of_pictures_alone_is_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(replayed(SHARED / "bottles" / "recording", capsys), "losses") == []
