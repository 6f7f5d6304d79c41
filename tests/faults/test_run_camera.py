"""Cameras of a running agent: evidence kept, told and published; an absent one disturbs nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from edge_agent.store.store import Store
from tests.broker import Broker, wait_until
from tests.faults.fault_scene import Cloud, Scene, event, scene

CAMERAS = """
[[camera]]
id = "front"
source = "{pictures}"

[[camera]]
id = "back"
source = "{absent}"
"""


def draw_pictures(folder: Path, count: int) -> None:
    """A shelf seen `count` times, with a number that tells the pictures apart."""
    folder.mkdir()
    for number in range(count):
        picture = np.full((120, 160, 3), 200, np.uint8)
        cv2.rectangle(picture, (20, 40), (60, 100), (30, 30, 160), -1)
        cv2.putText(picture, str(number), (80, 80), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture)


def write(made: Scene) -> None:
    """Settings with a camera that is a folder, and one that is not there."""
    draw_pictures(made.folder / "pictures", 150)
    made.write(
        extra=CAMERAS.format(pictures=made.folder / "pictures", absent=made.folder / "nothing")
    )


def has_pictures(cloud: Cloud) -> bool:
    """Whether a case names the pictures before and after its change."""
    return any(len(case["evidence"]) >= 2 for case in cloud.data("losses"))


def test_evidence_is_kept_named_in_the_case_and_published_as_jpeg(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        write(made)
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["A1"] -= 1
        life.until(lambda: has_pictures(cloud), "a case with its pictures is told")
        (change,) = cloud.latest("changes", "change_id")
        (case,) = cloud.latest("losses", "case_id").values()
        names = case["evidence"]
        # A change can be over between two pictures.
        during = f"{change}-during-front"
        kept = [f"{change}-{side}-front" for side in ("after", "before")]
        assert [name for name in names if name != during] == kept
        for name in names:
            wait_until(lambda n=name: bool(cloud.heard(f"evidence/{n}")), "the picture comes")  # type: ignore[misc]
            (message,) = cloud.heard(f"evidence/{name}")
            assert message.content_type == "image/jpeg"
            assert message.payload == (made.state / "evidence" / f"{name}.jpg").read_bytes()
            shown = cv2.imdecode(np.frombuffer(message.payload, np.uint8), cv2.IMREAD_COLOR)
            assert shown is not None
            assert shown.shape == (120, 160, 3)
        with closing(Store.read_only(made.state)) as store:
            assert {e.evidence_id for e in store.views.evidence()} == set(names)
        assert life.said("camera back: No camera at") == 1
        assert life.end()[0] == 0


def test_pictures_whose_case_was_told_just_before_a_kill_are_published_after_it(
    tmp_path: Path, broker: Broker
) -> None:
    with scene(tmp_path, broker) as made:
        write(made)
        made.write(
            mqtt_lines='confirm = "cloud"',
            extra=CAMERAS.format(pictures=tmp_path / "pictures", absent=tmp_path / "nothing"),
        )
        cloud = made.cloud()
        life = made.run().ready()
        life.until(lambda: bool(cloud.heard("stock")), "the shelf is counted")
        made.shelf.units["A1"] -= 1
        life.until(lambda: has_pictures(cloud), "a case with its pictures is told")
        life.kill()
        # As if killed between the case and its pictures: that moment is too short to hit.
        forget_pictures(made)
        again = made.run().ready()
        (case,) = cloud.latest("losses", "case_id").values()
        before = len(cloud.heard(f"evidence/{case['evidence'][0]}"))
        for name in case["evidence"]:
            wait_until(
                lambda n=name: len(cloud.heard(f"evidence/{n}")) > before,  # type: ignore[misc]
                "the picture comes",
            )
        assert len(case["evidence"]) >= 2
        # A picture is confirmed by the id in its topic: a JPEG carries no other.
        heard = [h.event["id"] for h in cloud.heard() if not h.topic.startswith("evidence/")]
        cloud.say("acks", event("shelf.ack", "ack", {"ids": [*heard, *case["evidence"]]}))
        again.until(lambda: pictures_waiting(made.state) == 0, "the pictures are confirmed")


def pictures_waiting(state: Path) -> int:
    """How many pictures the outbox of a running agent holds."""
    with closing(sqlite3.connect(f"file:{state / 'agent.db'}?mode=ro", uri=True)) as db:
        found: int = db.execute(
            "select count(*) from outbox where topic like 'evidence/%'"
        ).fetchone()[0]
        return found


def forget_pictures(made: Scene) -> None:
    """Undo what the transaction after the case wrote."""
    with closing(Store.open(made.state)) as store, store.atomic():
        store.outbox.delivered(
            [m.event_id for m in store.outbox.due(1.0, 1000) if m.topic.startswith("evidence/")]
        )
        store.journal.forget(float("inf"))
