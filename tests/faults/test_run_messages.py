"""Messages that a running agent must refuse, and those that it must obey, over a real broker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from edge_agent.cloud.signatures import make_key_set, sign
from edge_agent.store.store import Store
from tests.broker import Broker
from tests.faults.fault_scene import Cloud, Life, Scene, command, event, payment, scene


@pytest.fixture
def talkative(tmp_path: Path) -> Iterator[Broker]:
    """A broker that logs every packet."""
    with Broker(tmp_path / "broker", extra="log_type all") as running:
        yield running


def acknowledged(broker: Broker) -> int:
    """How many messages the agent has acknowledged to the broker."""
    log = (broker.folder / "mosquitto.log").read_text()
    return log.count("Received PUBACK from edge-agent-office-7")


def filed(made: Scene) -> list[dict[str, Any]]:
    """The payments in the journal."""
    with closing(Store.read_only(made.state)) as store:
        return [row.body["payment"] for row in store.journal.rows(kinds=["payment"])]


def connected(made: Scene) -> tuple[Life, Cloud]:
    """A running agent that has counted its shelf, and its operator."""
    cloud = made.cloud()
    life = made.run().ready()
    life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
    return life, cloud


def test_with_keys_only_what_they_signed_counts_and_all_else_is_answered(
    tmp_path: Path, talkative: Broker
) -> None:
    ours, stranger = (OKPKey.generate_key("Ed25519", {"kid": "op-1"}) for _ in range(2))
    (tmp_path / "keys.json").write_text(json.dumps(make_key_set(ours)))
    with scene(tmp_path, talkative) as made:
        made.write(payments='signature = "required"\nkeys_file = "keys.json"')
        life, cloud = connected(made)
        for refused in (
            b"neither JSON nor signed",
            sign(payment("P1", "cola"), stranger),
            payment("P2", "cola"),
            sign(b"not JSON, but signed", ours),
            sign(payment("P3", "cola", currency="EUR"), ours),
        ):
            cloud.say("payments", refused)
        for _ in range(2):
            cloud.say("payments", sign(payment("P4", "cola"), ours))
        life.until(lambda: acknowledged(talkative) == 7, "all seven are acknowledged")
        life.until(lambda: len(cloud.heard("rejections")) == 5, "five are answered")
        reasons = [(r["reason"], r["explanation"]) for r in cloud.data("rejections")]
        assert [reason for reason, _ in reasons] == [
            *("signature", "signature", "signature", "message", "message")
        ]
        assert "forged or altered" in reasons[1][1]
        assert "not signed" in reasons[2][1]
        assert "EUR" in reasons[4][1]
        assert [p["payment_id"] for p in filed(made)] == ["P4"]
        with closing(Store.read_only(made.state)) as store:
            assert len(store.views.list("rejection")) == 5
        life.kill()
        again = made.run().ready()
        again.until(lambda: again.said("connected to the broker") == 1, "it is back")
        cloud.say("commands", sign(command("c1", "query"), ours))
        again.until(lambda: bool(cloud.heard("replies")), "it answers")
        assert acknowledged(talkative) == 8
        # What was under way at the kill may come twice, and then with its id.
        assert len({h.event["id"] for h in cloud.heard("rejections")}) == 5


POISON = [
    b"",
    b"\x00\xff",
    b"[" * 100_000,
    b'{"specversion": "1.0"}',
    event("shelf.payment", "p" * 600, {}),
    event("shelf.payment", "p1", {"payment_id": "P", "revision": 10**400}),
    payment("P" * 200, "cola"),
    payment("P1", "cola").replace(b'"paid": 350', b'"paid": NaN'),
    payment("P2", "cola").replace(b'"revision": 1', b'"revision": -1'),
    payment("P3", "cola").replace(b'"quantity": 1', b'"quantity": 0'),
    payment("P4", "cola").replace(b'"quantity": 1', b'"quantity": 100000'),
]
# Strange, and yet as the contract has it: the shelf must live with them.
STRANGE = [
    payment("S1", "never-sold-here"),
    payment("S2", "cola").replace(b'"quantity": 1', b'"quantity": 1000'),
    payment("S3", "cola").replace(b'"paid": 350', b'"paid_at": "9999-12-31T23:59:59Z"'),
    payment("S4", "cola").replace(b'"paid": 350', b'"paid_at": "0001-01-01T00:00:00+14:00"'),
    payment("S5", "cola").replace(b'"id": "S5-1"', b'"id": "S5", "time": "0001-01-01T00:00:00Z"'),
    payment("S6", "可乐"),
]


def restock(order: str, time: str, state: str) -> bytes:
    """A restock order with a time of its own."""
    data = {"restock_id": order, "revision": 1, "state": state, "lines": []}
    told = event("shelf.restock", order, data)
    return told.replace(b'"specversion"', b'"time": "' + time.encode() + b'", "specversion"')


def test_no_message_ends_the_agent(tmp_path: Path, talkative: Broker) -> None:
    with scene(tmp_path, talkative) as made:
        life, cloud = connected(made)
        for topic in ("payments", "restocks", "catalogue", "commands", "acks"):
            for poison in POISON[:4]:
                cloud.say(topic, poison)
        for message in POISON[4:] + STRANGE:
            cloud.say("payments", message)
        for number, time in enumerate(("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")):
            for state in ("planned", "started", "finished"):
                cloud.say("restocks", restock(f"R{number}{state}", time, state))
        sent = 5 * 4 + len(POISON[4:] + STRANGE) + 6
        life.until(lambda: acknowledged(talkative) == sent, "all are acknowledged", 30)
        assert {p["payment_id"] for p in filed(made)} >= {"S1", "S2", "S3", "S4", "S5", "S6"}
        made.shelf.units["A1"] -= 1
        life.until(lambda: len(cloud.heard("changes")) == 1, "it goes on weighing")
        life.kill()
        again = made.run().ready()
        cloud.say("commands", command("c1", "query"))
        again.until(lambda: bool(cloud.heard("replies")), "it can be started again")
        assert again.end()[0] == 0


def test_a_command_closes_a_case_and_another_confirms_one(tmp_path: Path, broker: Broker) -> None:
    with scene(tmp_path, broker) as made:
        life, cloud = connected(made)
        for plate, count in (("A1", 1), ("A2", 2)):
            time.sleep(1.5)  # the visit before is over
            made.shelf.units[plate] -= 1
            life.until(lambda n=count: len(cloud.latest("losses", "case_id")) == n, "a case")  # type: ignore[misc]
        cola, nuts = sorted(cloud.latest("losses", "case_id"))
        cloud.say("commands", command("c1", "close_case", case_id=cola))
        cloud.say(
            "commands",
            command("c2", "confirm_case", case_id=nuts),
            answer_to="answers/operator",
            correlation=b"\x00\x07",
        )
        cloud.say("commands", command("c3", "close_case", case_id="no such case"))
        cloud.say("commands", command("c4", "dance"))
        cloud.say("commands", command("c1", "close_case", case_id=cola))
        cloud.say("commands", command("c5", "query"))
        life.until(lambda: len(cloud.heard("replies")) == 3, "c1, c3 and c5 are answered")
        closed, unknown, asked = cloud.data("replies")
        assert [r["in_reply_to"] for r in (closed, unknown, asked)] == ["c1", "c3", "c5"]
        assert [r["ok"] for r in (closed, unknown, asked)] == [True, False, True]
        assert "no such case" in unknown["reason"]
        assert asked["open_cases"] == []
        (answer,) = cloud.heard("answers/operator")
        assert (answer.correlation, answer.data["in_reply_to"]) == (b"\x00\x07", "c2")
        assert answer.data["case_id"] == nuts
        assert ["dance" in r["explanation"] for r in cloud.data("rejections")] == [True]
        cases = cloud.latest("losses", "case_id")
        assert (cases[cola]["state"], cases[cola]["resolution"]) == ("closed", "dismissed")
        assert (cases[nuts]["state"], cases[nuts]["resolution"]) == ("closed", "confirmed")
        assert len(cloud.heard("losses")) == 4
