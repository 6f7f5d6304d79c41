"""Commands to a running agent over a real broker, and a broker that dies with what it had taken."""

from __future__ import annotations

import itertools
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_agent.store.store import Store
from edge_agent.times import rfc3339
from tests.broker import Broker, wait_until
from tests.faults.fault_scene import Cloud, Life, Scene, event, scene

UNIT = Path(__file__).parents[2] / "systemd" / "edge-agent.service"


def order(event_id: str, name: str, *, age_s: float = 0.0, **arguments: Any) -> bytes:
    """A command with its time."""
    told = json.loads(event("shelf.command", event_id, {"command": name, "arguments": arguments}))
    return json.dumps({**told, "time": rfc3339(time.time() - age_s)}).encode()


def counted(made: Scene, cloud: Cloud) -> Life:
    """A running agent that has counted its shelf."""
    life = made.run().ready()
    life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
    return life


def answered(life: Life, cloud: Cloud, event_id: str) -> dict[str, Any]:
    """The reply to one command, once it is there."""

    def found() -> list[dict[str, Any]]:
        return [r for r in cloud.data("replies") if r["in_reply_to"] == event_id]

    life.until(lambda: bool(found()), f"{event_id} is answered")
    return found()[0]


def test_a_restart_is_answered_then_done_and_never_done_again(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: life.said("connected to the broker") == 1, "connected")
        restart = order("r1", "restart")
        cloud.say("commands", restart)
        assert life.process.wait(10) == 0
        # With this the service manager starts it again whatever its exit status.
        assert "Restart=always" in UNIT.read_text().splitlines()
        wait_until(lambda: len(cloud.heard("replies")) == 1, "the answer came before the end")
        assert cloud.data("replies")[0]["ok"] is True
        again = made.run().ready()
        cloud.say("commands", restart)
        cloud.say("commands", order("r2", "restart", age_s=3 * 86400))
        assert "Expired" in answered(again, cloud, "r2")["reason"]
        time.sleep(2.5)
        assert again.process.poll() is None
        assert again.said("restarting") == 0
        assert len({h.event["id"] for h in cloud.heard("replies")}) == 2


def test_a_tare_from_afar_outlives_a_kill(tmp_path: Path, broker: Broker) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = counted(made, cloud)
        cloud.say("commands", order("t1", "tare", plate="B1"))
        assert "confirm" in answered(life, cloud, "t1")["reason"]
        cloud.say("commands", order("t2", "tare", plate="B1", confirm=True))
        assert answered(life, cloud, "t2")["ok"] is True
        life.kill()
        again = made.run().ready()
        assert again.said("from the cloud's tare") == 1
        asked = itertools.count()

        def weight_g() -> float | None:
            name = f"q{next(asked)}"
            cloud.say("commands", order(name, "query", about="status"))
            plates = answered(again, cloud, name)["status"]["plates"]
            found: float | None = next(p["weight_g"] for p in plates if p["plate"] == "B1")
            return found

        again.until(lambda: weight_g() is not None, "the plate is weighed")
        assert abs(weight_g() or 0.0) < 1.0
        assert cloud.heard("changes") == []


def test_a_snapshot_is_sent_and_named(tmp_path: Path, broker: Broker) -> None:
    picture = tmp_path / "pictures" / "1.jpg"
    picture.parent.mkdir()
    cv2.imwrite(str(picture), np.full((72, 128, 3), 90, np.uint8))
    with scene(tmp_path, broker) as made:
        made.write(extra=f'[[camera]]\nid = "front"\nsource = "{picture.parent}"')
        cloud = made.cloud()
        life = counted(made, cloud)
        cloud.say("commands", order("s1", "snapshot"))
        name = answered(life, cloud, "s1")["evidence_id"]
        life.until(lambda: bool(cloud.heard(f"evidence/{name}")), "the picture came")
        (sent,) = cloud.heard(f"evidence/{name}")
        assert sent.content_type == "image/jpeg"
        assert cv2.imdecode(np.frombuffer(sent.payload, np.uint8), cv2.IMREAD_COLOR) is not None


def test_under_mqtt_3_a_command_is_answered_on_replies(tmp_path: Path, broker: Broker) -> None:
    with scene(tmp_path, broker) as made:
        made.write(mqtt_lines="protocol = 3")
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: life.said("connected to the broker") == 1, "connected")
        cloud.say("commands", order("q1", "query"), answer_to="answers/x", correlation=b"7")
        assert answered(life, cloud, "q1")["open_cases"] == []


def test_what_a_killed_broker_had_accepted_is_sent_again_until_the_cloud_has_it(
    tmp_path: Path,
) -> None:
    broker = Broker(tmp_path / "broker", persistence=False)
    with broker, scene(tmp_path, broker) as made:
        made.write(mqtt_lines='confirm = "cloud"')
        life = made.run().ready()
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
            made.shelf.units["A1"] -= 1
            life.until(lambda: len(store.views.list("case")) == 1, "there is a case")
            time.sleep(0.5)
            # The broker had accepted it all, for nobody; and now it is gone.
            waiting = _waiting(made)
            assert waiting
            broker.kill()
            life.until(lambda: life.said("no connection to the broker") == 1, "the loss is said")
            broker.start()
            cloud = made.cloud()
            life.until(
                lambda: waiting <= {h.event["id"] for h in cloud.heard() if not h.retained},
                "all of it is sent again",
                40,
            )
            cloud.say("acks", event("shelf.ack", "a0", {"ids": ["0-0-0", "never sent"]}))
            assert store.outbox.depth > 0

            def confirmed() -> bool:
                heard = sorted({h.event["id"] for h in cloud.heard()})
                cloud.say("acks", event("shelf.ack", f"a-{len(heard)}", {"ids": heard}))
                time.sleep(0.05)
                return store.outbox.depth == 0

            life.until(confirmed, "the outbox is empty once all is confirmed")
            assert {c["case_id"] for c in store.views.list("case")} == {
                c["case_id"] for c in cloud.data("losses")
            }


def _waiting(made: Scene) -> set[str]:
    """The ids of what is in the outbox and not retained, read beside the agent."""
    with closing(Store.read_only(made.state)) as store:
        found = store._db.rows("select event_id from outbox where not retain")
    return {event_id for (event_id,) in found}
