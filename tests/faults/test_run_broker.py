"""A broker that is late, dies, or refuses; what is retained; what the cloud has to confirm."""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import closing
from pathlib import Path

from edge_agent.store.store import Store
from tests.broker import Broker, free_port, wait_until
from tests.faults.fault_scene import event, payment, scene


def save(broker: Broker) -> None:
    """Have mosquitto write its sessions to its disk, which by itself it does every half hour."""
    assert broker.process is not None
    saved = broker.folder / "mosquitto.db"
    saved.unlink(missing_ok=True)
    broker.process.send_signal(signal.SIGUSR1)
    wait_until(saved.exists, "the broker has saved")


def test_a_broker_that_comes_later_hears_what_was_decided_before(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker", port=free_port())
    with scene(tmp_path, broker) as made:
        life = made.run().ready()
        life.until(lambda: life.said("connection refused") == 1, "the absence is said")
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
            made.shelf.units["A1"] -= 1
            life.until(lambda: len(store.views.list("change")) == 1, "the change is decided")
            assert store.outbox.depth > 0
            with broker:
                cloud = made.cloud()
                life.until(lambda: store.outbox.depth == 0, "the outbox is empty")
                wait_until(lambda: len(cloud.heard("changes")) == 1, "the change is heard")
                assert cloud.data("stock")[-1] == store.views.get("stock", "stock")
                assert life.said("no connection to the broker") == 1
                assert life.said("connected to the broker") == 1


def test_a_broker_that_is_killed_and_started_again_gets_each_event_once(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker", persistence=True)
    with broker, scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["A1"] -= 1
        life.until(lambda: len(cloud.heard("changes")) == 1, "the change is heard")
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.outbox.depth == 0, "the broker has everything")
            save(broker)
            broker.kill()
            life.until(lambda: life.said("no connection to the broker") == 1, "the loss is said")
            made.shelf.units["A2"] -= 1
            life.until(lambda: len(store.views.list("change")) == 2, "it decides on")
            broker.start()
            life.until(lambda: store.outbox.depth == 0, "the broker has everything")
            wait_until(lambda: len(cloud.heard("changes")) == 2, "the second change is heard")
            told = Counter(h.event["id"] for h in cloud.heard() if not h.retained)
            assert {name: n for name, n in told.items() if n > 1} == {}
            assert [v for v in store.views.list("case") if v not in cloud.data("losses")] == []
        assert life.said("no connection to the broker") == 1


def test_a_broker_that_refuses_is_said_once_and_the_shelf_goes_on_weighing(tmp_path: Path) -> None:
    users = {"shelf": "right"}
    with (
        Broker(tmp_path / "broker", users=users) as broker,
        scene(tmp_path, broker) as made,
    ):
        made.write(mqtt_lines='username = "shelf"')
        life = made.run(environment={"EDGE_AGENT_MQTT_PASSWORD": "wrong"}).ready()
        life.until(lambda: life.said("Check [mqtt] username and the password") == 1, "refused")
        with closing(Store.read_only(made.state)) as store:
            life.until(lambda: store.views.get("stock", "stock") is not None, "it has counted")
            made.shelf.units["B1"] -= 1
            life.until(lambda: len(store.views.list("change")) == 1, "it weighs")
        log = broker.folder / "mosquitto.log"
        life.until(
            lambda: log.read_text().count("not authorised") > 1, "it was tried for once more"
        )
        assert life.said("no connection to the broker") == 1
        assert life.end()[0] == 0


def test_status_is_retained_online_and_after_a_kill_the_last_will(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        life = made.run().ready()
        life.until(lambda: life.said("connected to the broker") == 1, "connected")
        early = made.cloud("early")
        wait_until(lambda: bool(early.heard("status")), "the status is told")
        late = made.cloud("late")
        wait_until(lambda: bool(late.heard("status")), "the status is retained")
        assert late.heard("status")[0].retained
        assert late.data("status")[0]["state"] == "online"
        life.kill()
        wait_until(lambda: late.data("status")[-1]["state"] == "offline", "the last will")
        last = made.cloud("last")
        wait_until(lambda: bool(last.heard("status")), "the last will is retained")
        assert last.data("status")[0]["state"] == "offline"
        made.run().ready()
        wait_until(lambda: last.data("status")[-1]["state"] == "online", "it is back")
        assert len({h.event["id"] for h in last.heard("status")}) == len(last.heard("status"))


def test_a_stop_tells_offline_too(tmp_path: Path, broker: Broker) -> None:
    with scene(tmp_path, broker) as made:
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("status")), "the status is told")
        assert life.end()[0] == 0
        wait_until(lambda: cloud.data("status")[-1]["state"] == "offline", "offline is told")


def test_with_confirm_cloud_events_are_kept_and_repeated_until_the_cloud_has_them(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        made.write(mqtt_lines='confirm = "cloud"')
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["A1"] -= 1
        life.until(lambda: bool(cloud.heard("losses")), "the case is told")
        life.kill()
        first = Counter(h.event["id"] for h in cloud.heard("losses"))
        life = made.run().ready()
        life.until(
            lambda: all(
                Counter(h.event["id"] for h in cloud.heard("losses"))[name] > n
                for name, n in first.items()
            ),
            "what was not confirmed is sent again",
        )
        with closing(Store.read_only(made.state)) as store:
            assert store.outbox.depth > 0

            def confirmed() -> bool:
                heard = sorted({h.event["id"] for h in cloud.heard()})
                cloud.say("acks", event("shelf.ack", f"ack-{len(heard)}", {"ids": heard}))
                return store.outbox.depth == 0

            life.until(confirmed, "the outbox is empty once all is confirmed")
            cloud.say("payments", payment("P1", "cola"))
            life.until(
                lambda: any(c["state"] == "closed" for c in cloud.data("losses")), "it is paid"
            )
            assert store.outbox.depth > 0
