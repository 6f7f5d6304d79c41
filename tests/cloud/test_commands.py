"""Commands from the cloud: checked, done once, answered, and logged with who sent them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from joserfc.jwk import OKPKey

from edge_agent.cloud.command_arguments import COMMANDS
from edge_agent.cloud.events import make_event
from edge_agent.cloud.signatures import Verifier, make_key_set, read_key_set, sign
from edge_agent.errors import StoreError
from edge_agent.fittings import Fittings, with_remote_tares
from edge_agent.inbox import Inbox
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.scales import Scales
from edge_agent.sensing.scale import ScaleBlock
from edge_agent.settings import (
    CameraSettings,
    PlateSettings,
    ProductSettings,
    ScaleSettings,
    Settings,
)
from edge_agent.shelf.facts import CountFact, LinkFact
from edge_agent.standing import Standing
from edge_agent.store.store import Store
from edge_agent.vision.frames import Frame
from edge_agent.witness import Witness

NOW = 1_772_366_400.0
KEY = OKPKey.generate_key("Ed25519", {"kid": "op-1"})
ZERO, PER_G = 84_000.0, 400.0


def shelf_settings(zero_counts: float = ZERO) -> Settings:
    def plate(name: str, channel: int, sku: str, zero: float) -> PlateSettings:
        return PlateSettings(
            id=name,
            scale="main",
            channel=channel,
            products=(sku,),
            zero_counts=zero,
            counts_per_g=PER_G,
        )

    return Settings(
        shelf_id="office-7",
        currency="CNY",
        scale=(ScaleSettings(id="main", driver="simulated"),),
        plate=(
            plate("A1", 0, "cola", zero_counts),
            plate("A2", 1, "gum", zero_counts),
        ),
        product=(
            ProductSettings(sku="cola", name="Cola", weight_g=346.0, price=350),
            ProductSettings(sku="gum", name="Gum", weight_g=60.0, price=200),
        ),
        camera=(CameraSettings(id="front", source="0"),),
    )


@dataclass
class Agent:
    """All of the agent that commands reach, over a store on the disk; nothing runs by itself."""

    folder: Path
    filed: Settings = field(default_factory=shelf_settings)
    now: float = NOW
    restarts: int = 0
    closed: bool = False

    def __post_init__(self) -> None:
        self.store = Store.open(self.folder)
        settings = with_remote_tares(self.filed, self.store.tares)
        self.ledger = Ledger(settings, self.store)
        self.pipeline = Pipeline(settings, self.ledger, self.store)
        self.scales = Scales(settings, lambda: self.now, lambda event: None)
        self.pipeline.add_scale("main", ["A1", "A2"])
        self.witness = Witness(settings, self.folder / "evidence", self.ledger, self.store)
        self.fittings = Fittings(
            self.filed,
            self.store,
            self.ledger,
            self.pipeline,
            self.scales,
            self.witness,
            Standing(settings, self.now),
            restart=self._restarted,
        )
        verifier = Verifier(read_key_set(json.dumps(make_key_set(KEY))), required=True)
        self.inbox = Inbox(self.ledger, verifier, settings, self.store, self.fittings)

    def _restarted(self) -> None:
        self.restarts += 1

    def weigh(self, grams: tuple[float, float], seconds: float = 6.0, wander: float = 0.0) -> None:
        """Let the plates stand with so much on them, zero as in the file; A1 may wander."""
        chance = np.random.default_rng(5)
        for _ in range(round(seconds / 0.1)):
            times = self.now + np.arange(1, 9) / 80
            level = np.array(grams) + np.array([wander, 0.0]) * np.sin(times[:, np.newaxis] * 5)
            counts = ZERO + PER_G * (level + chance.normal(0, 0.05, (8, 2)))
            block = ScaleBlock("main", times, counts.round())
            self.fittings.recent.note(block)
            self.pipeline.weigh("main", times, self.scales.grams(block))
            self.now = float(times[-1])

    def level_g(self, plate: str) -> float:
        """What the plate weighs, as the agent tells it."""
        return self.pipeline.health()[plate].weight_g

    def send(
        self,
        name: str,
        /,
        event_id: str = "c1",
        at: float | None = None,
        answer_to: tuple[str, bytes | None] | None = None,
        **arguments: Any,
    ) -> None:
        """A command, signed by the operator a second ago."""
        signed = self.signed(name, event_id, at if at is not None else self.now - 1, arguments)
        self.inbox.receive("commands", signed, self.now, answer_to)

    def signed(self, name: str, event_id: str, at: float, arguments: dict[str, Any]) -> bytes:
        told = make_event(
            source="/cloud",
            event_id=event_id,
            type="shelf.command",
            at=at,
            data={"command": name, "arguments": arguments},
        )
        return sign(told, KEY).encode()

    def told(self, topic: str) -> list[dict[str, Any]]:
        """What waits in the outbox on one topic."""
        due = self.store.outbox.due(float("inf"), 1000)
        return [json.loads(m.payload)["data"] for m in due if m.topic == topic]

    def reply(self) -> dict[str, Any]:
        """The only reply, which leaves the outbox."""
        due = [m for m in self.store.outbox.due(float("inf"), 1000) if m.topic == "replies"]
        assert len(due) == 1, due
        self.store.outbox.delivered([due[0].event_id])
        told: dict[str, Any] = json.loads(due[0].payload)["data"]
        return told

    def again(self, filed: Settings | None = None) -> Agent:
        """The agent after a kill, over the same store."""
        self.close()
        return Agent(self.folder, filed if filed is not None else self.filed, self.now)

    def close(self) -> None:
        """Let go of the folder, once."""
        if not self.closed:
            self.closed = True
            self.store.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    made = Agent(tmp_path)
    yield made
    made.close()


@pytest.fixture
def stocked(agent: Agent) -> Agent:
    """A shelf with six colas, counted, and nothing on A2."""
    agent.weigh((6 * 346.0, 0.0), 15)
    agent.ledger.take(CountFact(agent.now, "A1", {"cola": 6}))
    agent.ledger.take(CountFact(agent.now, "A2", {}))
    return agent


def test_without_arguments_a_query_names_the_open_cases(agent: Agent) -> None:
    agent.send("query")
    reply = agent.reply()
    assert reply == {"command": "query", "in_reply_to": "c1", "ok": True, "open_cases": []}


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"about": "stock"}, "stock"),
        ({"about": "stock", "plate": "A1"}, "stock"),
        ({"about": "cases"}, "cases"),
        ({"about": "cases", "state": "open", "since": "2026-01-01T00:00:00Z"}, "cases"),
        ({"about": "visits", "limit": 5}, "visits"),
        ({"about": "changes"}, "changes"),
        ({"about": "payments"}, "payments"),
        ({"about": "restocks"}, "restocks"),
        ({"about": "catalogue"}, "products"),
        ({"about": "status"}, "status"),
        ({"about": "rejections"}, "rejections"),
        ({"about": "commands"}, "commands"),
    ],
)
def test_a_query_is_answered(stocked: Agent, arguments: dict[str, Any], key: str) -> None:
    stocked.send("query", **arguments)
    reply = stocked.reply()
    assert (reply["ok"], reply["about"]) == (True, arguments["about"])
    assert key in reply


def test_a_query_about_commands_tells_their_arguments(agent: Agent) -> None:
    agent.send("query", about="commands")
    told = agent.reply()["commands"]
    assert tuple(told) == COMMANDS
    assert told["tare"] == ["confirm", "plate*"]


@pytest.mark.parametrize("state", ["pending", "paid"])
def test_a_query_about_payments_tells_those_that_wait(agent: Agent, state: str) -> None:
    content = {
        "payment_id": "P1",
        "revision": 1,
        "state": state,
        "currency": "CNY",
        "opened_at": "2026-03-01T11:59:00Z",
        "lines": [{"sku": "cola", "quantity": 1, "unit_price": 350}],
        "refunds": [
            {"refund_id": "R", "at": "2026-03-01T12:00:00Z", "amount": 1, "reason": "goodwill"}
        ],
    }
    told = make_event(
        source="/cloud", event_id="p1", type="shelf.payment", at=agent.now, data=content
    )
    agent.inbox.receive("payments", sign(told, KEY).encode(), agent.now)
    agent.send("query", about="payments")
    waiting = agent.reply()["payments"]
    assert [p["payment_id"] for p in waiting] == (["P1"] if state == "pending" else [])
    agent.send("query", "c2", about="payment", payment_id="P1")
    assert agent.reply()["payment"]["opened_at"] == "2026-03-01T11:59:00.000Z"


@pytest.mark.parametrize(
    "arguments",
    [
        {"about": "case", "case_id": "C0"},
        {"about": "visit", "visit_id": "V0"},
        {"about": "change", "change_id": "x"},
        {"about": "payment", "payment_id": "P0"},
        {"about": "stock", "plate": "Z9"},
    ],
)
def test_a_query_about_what_is_not_there_is_answered_so(
    stocked: Agent, arguments: dict[str, Any]
) -> None:
    stocked.send("query", **arguments)
    reply = stocked.reply()
    assert reply["ok"] is False
    assert reply["reason"]


def test_an_answer_never_outgrows_a_message(agent: Agent) -> None:
    with agent.store.atomic():
        for number in range(200):
            agent.store.views.put("change", f"x{number}", NOW + number, {"much": "x" * 2000})
    agent.send("query", about="changes", limit=200)
    (message,) = agent.store.outbox.due(float("inf"), 10)
    told = json.loads(message.payload)["data"]
    assert len(message.payload) < 128 * 1024
    assert len(told["changes"]) + told["left_off"] == 200


def test_a_tare_makes_the_empty_plate_weigh_nothing(stocked: Agent) -> None:
    stocked.weigh((6 * 346.0, 3.5))
    stocked.send("tare", plate="A2")
    reply = stocked.reply()
    assert (reply["ok"], reply["plate"]) == (True, "A2")
    assert reply["moved_g"] == pytest.approx(3.5, abs=0.1)
    stocked.weigh((6 * 346.0, 3.5))
    assert stocked.level_g("A2") == pytest.approx(0.0, abs=0.1)
    assert stocked.told("changes") == []


def test_goods_on_a_plate_are_tared_only_when_confirmed(stocked: Agent) -> None:
    stocked.send("tare", plate="A1")
    refusal = stocked.reply()
    assert refusal["ok"] is False
    assert "6 × Cola" in refusal["reason"]
    assert "confirm" in refusal["reason"]
    stocked.weigh((6 * 346.0, 0.0), 1)
    assert stocked.level_g("A1") == pytest.approx(6 * 346.0, abs=0.5)
    stocked.send("tare", "c2", plate="A1", confirm=True)
    assert stocked.reply()["ok"] is True


def test_a_weight_that_nobody_counted_needs_a_confirmation_too(stocked: Agent) -> None:
    stocked.weigh((6 * 346.0, 500.0))
    stocked.store.outbox.delivered([m.event_id for m in stocked.store.outbox.due(9e9, 99)])
    stocked.ledger.take(CountFact(stocked.now, "A2", {}))
    stocked.send("tare", plate="A2")
    refusal = stocked.reply()
    assert refusal["ok"] is False
    assert "500 g" in refusal["reason"]


@pytest.mark.parametrize("confirm", [True, False])
def test_a_moving_plate_is_not_tared(stocked: Agent, confirm: bool) -> None:
    stocked.weigh((0.0, 0.0), wander=200.0)
    before = stocked.scales.plates["main"][0]
    stocked.send("tare", plate="A1", confirm=confirm)
    refusal = stocked.reply()
    assert refusal["ok"] is False
    assert "moved" in refusal["reason"]
    assert stocked.scales.plates["main"][0] == before


def test_a_silent_scale_is_not_tared(stocked: Agent) -> None:
    stocked.now += 60
    stocked.send("tare", plate="A2")
    assert "gives no samples" in stocked.reply()["reason"]


def test_a_tare_of_a_plate_that_is_not_there_names_those_that_are(stocked: Agent) -> None:
    stocked.send("tare", plate="Z9")
    assert "A1, A2" in stocked.reply()["reason"]


def test_a_tare_outlives_a_kill_and_yields_to_a_newer_calibration(stocked: Agent) -> None:
    stocked.weigh((6 * 346.0, 3.5))
    stocked.send("tare", plate="A2")
    zero = stocked.reply()["zero_counts"]
    later = stocked.again()
    assert later.scales.plates["main"][1].zero_counts == zero
    later.send("tare", plate="A2")
    assert later.told("replies") == []
    mended = later.again(shelf_settings(zero_counts=85_000.0))
    assert mended.scales.plates["main"][1].zero_counts == 85_000.0
    former = mended.again(shelf_settings())
    assert former.scales.plates["main"][1].zero_counts == ZERO
    former.close()


def test_a_calibration_by_a_technician_takes_the_place_of_a_tare(stocked: Agent) -> None:
    stocked.send("tare", plate="A2")
    assert stocked.reply()["ok"]
    stocked.fittings.calibrated("A2", ZERO + 100, PER_G)
    assert stocked.store.tares.get("A2") is None
    assert stocked.scales.plates["main"][1].zero_counts == ZERO + 100


def test_a_snapshot_is_published_blurred_and_its_id_answered(agent: Agent) -> None:
    image = np.zeros((90, 120, 3), np.uint8)
    image[::2, ::2] = 255
    agent.witness.see(Frame("front", agent.now - 1, image))
    agent.send("snapshot")
    due = agent.store.outbox.due(float("inf"), 10)
    reply = agent.reply()
    (picture,) = [m for m in due if m.topic.startswith("evidence/")]
    assert picture.topic == f"evidence/{reply['evidence_id']}"
    assert picture.content_type == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(picture.payload, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    # The fine pattern is gone: that is what a face would have been.
    assert float(np.std(shown)) < 0.2 * float(np.std(image))


def test_a_picture_of_yesterday_is_no_snapshot(agent: Agent) -> None:
    agent.witness.see(Frame("front", agent.now - 86400, np.zeros((90, 120, 3), np.uint8)))
    agent.send("snapshot", camera="front")
    assert "old" in agent.reply()["reason"]
    agent.send("snapshot", "c2", camera="back")
    assert "front" in agent.reply()["reason"]


def test_a_verdict_on_a_case_that_is_not_there_is_answered_so(agent: Agent) -> None:
    for number, name in enumerate(("close_case", "confirm_case")):
        agent.send(name, f"v{number}", case_id="C0", note="it fell")
        reply = agent.reply()
        assert (reply["ok"], "C0" in reply["reason"]) == (False, True)
    assert agent.told("rejections") == []


def test_a_price_is_set_and_the_former_one_told(agent: Agent) -> None:
    agent.send("set_price", sku="cola", price=400)
    reply = agent.reply()
    assert (reply["ok"], reply["price"], reply["was"]) == (True, 400, 350)
    (row,) = agent.store.journal.rows(kinds=["price"])
    assert (row.body["sku"], row.body["price"], row.body["told_at"]) == ("cola", 400, NOW - 1)
    agent.send("set_price", "c2", sku="tea", price=400)
    assert agent.reply()["ok"] is False


def test_a_count_is_taken(stocked: Agent) -> None:
    stocked.send("count", plate="A1", items=[{"sku": "cola", "quantity": 5}])
    assert stocked.reply()["plate"] == "A1"
    assert stocked.ledger.state.stock["A1"]["cola"] == 5


def test_a_restart_is_answered_and_then_done_once(agent: Agent) -> None:
    agent.send("restart")
    assert (agent.reply()["ok"], agent.restarts) == (True, 1)
    agent.send("restart")
    assert agent.restarts == 1
    later = agent.again()
    later.send("restart", at=NOW - 1)
    assert (later.restarts, later.told("replies")) == (0, [])
    later.send("restart", "c2")
    assert later.restarts == 1
    later.close()


@pytest.mark.parametrize("name", ["restart", "snapshot", "tare"])
@pytest.mark.parametrize("age_s", [3 * 86400.0, 601.0, -601.0])
def test_what_is_old_or_ahead_of_the_clock_does_not_act(
    stocked: Agent, name: str, age_s: float
) -> None:
    arguments: dict[str, Any] = {"plate": "A2"} if name == "tare" else {}
    stocked.send(name, at=stocked.now - age_s, **arguments)
    reply = stocked.reply()
    assert reply["ok"] is False
    assert ("Expired" if age_s > 0 else "ahead") in reply["reason"]
    assert (stocked.restarts, stocked.store.tares.get("A2")) == (0, None)


def test_a_price_of_three_days_ago_still_counts_and_one_of_three_weeks_does_not(
    agent: Agent,
) -> None:
    agent.send("set_price", at=NOW - 3 * 86400, sku="cola", price=400)
    assert agent.reply()["ok"] is True
    agent.send("set_price", "c2", at=NOW - 21 * 86400, sku="cola", price=500)
    assert "Expired" in agent.reply()["reason"]


def undated(name: str, event_id: str) -> bytes:
    told = {"command": name, "arguments": {}}
    event = {"specversion": "1.0", "id": event_id, "source": "/cloud", "type": "shelf.command"}
    return sign(json.dumps({**event, "data": told}).encode(), KEY).encode()


def test_a_command_without_a_time_acts_only_when_it_cannot_have_waited(agent: Agent) -> None:
    agent.ledger.take(LinkFact(NOW - 100, False))
    agent.ledger.take(LinkFact(NOW, True))
    agent.inbox.receive("commands", undated("restart", "c1"), NOW + 1)
    assert "no time" in agent.reply()["reason"]
    agent.inbox.receive("commands", undated("restart", "c2"), NOW + 60)
    assert (agent.reply()["ok"], agent.restarts) == (True, 1)


def test_an_unknown_command_is_rejected_with_those_that_are_known(agent: Agent) -> None:
    agent.send("dance")
    (rejection,) = agent.told("rejections")
    assert all(name in rejection["explanation"] for name in COMMANDS)
    assert agent.told("replies") == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tare", {}),
        ("tare", {"plate": 7}),
        ("tare", {"plate": "A1", "confirm": "yes"}),
        ("set_price", {"sku": "cola", "price": 3.5}),
        ("set_price", {"sku": "cola", "price": -1}),
        ("set_price", {"sku": "cola"}),
        ("close_case", {"case": "C1"}),
        ("count", {"plate": "A1", "items": {"cola": 1}}),
        ("query", {"about": "everything"}),
        ("query", {"about": "case"}),
    ],
)
def test_arguments_that_cannot_be_are_rejected(
    agent: Agent, name: str, arguments: dict[str, Any]
) -> None:
    agent.send(name, **arguments)
    (rejection,) = agent.told("rejections")
    assert rejection["explanation"].startswith(f"{name}: arguments:")
    assert agent.told("replies") == []


def test_an_unsigned_command_is_rejected(agent: Agent) -> None:
    signed = agent.signed("restart", "c1", agent.now, {})
    agent.inbox.receive("commands", b'{"command": "restart"}', agent.now)
    agent.inbox.receive("commands", signed[:-8] + b"AAAAAAAA", agent.now)
    assert [r["reason"] for r in agent.told("rejections")] == ["signature", "signature"]
    assert agent.restarts == 0


def test_an_answer_goes_where_it_was_asked_for(agent: Agent) -> None:
    agent.send("query", answer_to=("answers/7", b"\x00\x07"))
    (message,) = agent.store.outbox.due(float("inf"), 10)
    assert (message.response_topic, message.correlation) == ("answers/7", b"\x00\x07")


def test_who_sent_a_command_is_logged(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    agent.send("restart", "c-77")
    agent.send("restart", "c-77")
    said = [r.getMessage() for r in caplog.records if "restart" in r.getMessage()]
    assert said == ["command restart 'c-77' by key 'op-1': done"]


def test_a_command_that_could_not_be_stored_is_done_when_it_comes_again(agent: Agent) -> None:
    agent.store._db.raw.conn.execute("PRAGMA query_only = on")
    with pytest.raises(StoreError):
        agent.send("restart")
    assert agent.restarts == 0
    agent.store._db.raw.conn.execute("PRAGMA query_only = off")
    agent.send("restart")
    assert (agent.reply()["ok"], agent.restarts) == (True, 1)


def test_in_a_replay_there_is_no_hardware_to_command(agent: Agent) -> None:
    verifier = Verifier(None, required=False)
    inbox = Inbox(agent.ledger, verifier, agent.filed, agent.store)
    for name, arguments in (
        ("tare", {"plate": "A1"}),
        ("snapshot", {}),
        ("restart", {}),
        ("query", {"about": "status"}),
    ):
        told = make_event(
            source="/cloud",
            event_id=f"r-{name}",
            type="shelf.command",
            at=agent.now,
            data={"command": name, "arguments": arguments},
        )
        inbox.receive("commands", told, agent.now)
        assert "replay" in agent.reply()["reason"]
