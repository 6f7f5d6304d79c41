"""The witness between cameras, ledger and outbox: what is kept, when it is sent, what is erased."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import StoreError
from edge_agent.evidence_erasing import Which
from edge_agent.ledger import Ledger
from edge_agent.settings import CameraSettings, MatchingSettings
from edge_agent.shelf.state import Output
from edge_agent.store.store import Store
from edge_agent.vision.evidence.held import HOLD_S
from edge_agent.vision.frames import Frame, Image, decode_picture
from edge_agent.vision.seen import RegionChange
from edge_agent.witness import Witness
from tests.shelf.scene import START, settings, take
from tests.vision.drawn_people import FACE_PX, PLATES, good_box, person, seen, sharpness, shelf

GRACE_S = 6.0
SIDES = {"before", "during", "after"}


class Life:
    """A shelf with a camera over a real store; a second at a time."""

    def __init__(self, state: Path) -> None:
        told = settings()
        plates = tuple(p.model_copy(update={"region": PLATES.get(p.id)}) for p in told.plate)
        self.settings = told.model_copy(
            update={
                "plate": plates,
                "camera": (CameraSettings(id="front", source="0"),),
                "matching": MatchingSettings(visit_gap_s=2.0, grace_s=GRACE_S),
            }
        )
        self.folder = state
        self.store = Store.open(state)
        self.ledger = Ledger(self.settings, self.store)
        self.witness = Witness(self.settings, state / "evidence", self.ledger, self.store)
        self.now = START - 16
        self.cases: dict[str, list[str]] = {}

    def show(self, image: Image, seconds: float) -> None:
        """The camera sees this, once a second, and the loop goes round."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1.0, end)
            self.witness.see(Frame("front", self.now, seen(image, round(self.now))))
            self._decided(self.ledger.tick(self.now))
            self._decided(self.witness.keep_due(self.now))

    def take(self) -> str:
        """A cola leaves A1, as the scale tells it by now."""
        fact = take(self.now - START - 0.5, "A1", "cola")
        self._decided(self.ledger.take(fact))
        self.witness.want(fact.change, self.now)
        return fact.change.change_id

    def _decided(self, outputs: list[Output]) -> None:
        self.witness.publish_for(outputs)
        for output in outputs:
            if output.topic == "losses":
                self.cases[output.key] = list(output.payload["evidence"])

    def waiting(self) -> dict[str, bytes]:
        """The pictures that wait to be sent, by topic."""
        return {
            m.topic: m.payload
            for m in self.store.outbox.due(float("inf"), 1000)
            if m.topic.startswith("evidence/")
        }


@pytest.fixture
def life(tmp_path: Path) -> Life:
    made = Life(tmp_path)
    made.show(shelf(), 13)
    return made


def buy(life: Life, stays_s: float) -> str:
    """Somebody takes a cola and stays so long."""
    less = shelf({("A1", 2)})
    life.show(person(shelf(), 300), 1)
    life.show(person(shelf(), 300, reach=(190, 160)), 1)
    change_id = life.take()
    life.show(person(less, 300), stays_s)
    return change_id


def test_a_cases_pictures_are_sent_once_and_only_when_they_are_at_their_best(life: Life) -> None:
    change_id = buy(life, GRACE_S + 3)
    names = [f"{change_id}-{side}-front" for side in sorted(SIDES)]
    assert list(life.cases.values()) == [names]
    assert life.waiting() == {}
    life.show(shelf({("A1", 2)}), 16)
    sent = life.waiting()
    assert set(sent) == {f"evidence/{name}" for name in names}
    for name in names:
        assert sent[f"evidence/{name}"] == life.witness.picture(name)
        kept = life.store.views.get_evidence(name)
        assert kept is not None
        assert kept.bytes == len(sent[f"evidence/{name}"])
    life.show(shelf({("A1", 2)}), HOLD_S)
    assert life.waiting() == sent


def test_nothing_that_is_sent_shows_a_face(life: Life) -> None:
    buy(life, 3)
    life.show(shelf({("A1", 2)}), 20)
    top, left = 100 - 18, 80 - 22
    half = FACE_PX // 2
    face = (slice(120 - half - top, 120 + half - top), slice(300 - half - left, 300 + half - left))
    real = sharpness(person(shelf(), 300)[top:, left:][face])
    shown = [decode_picture(jpeg, "test") for jpeg in life.waiting().values()]
    assert len(shown) == len(SIDES)
    empty = shelf()[top:, left:][face]
    for picture in shown:
        nobody = np.abs(picture[face].astype(int) - empty).mean() < 10
        assert nobody or sharpness(picture[face]) < real / 3
    assert any(sharpness(picture[face]) < real / 3 for picture in shown)


def test_where_people_never_leave_the_pictures_are_sent_all_the_same(life: Life) -> None:
    less = shelf({("A1", 2)})
    life.show(person(shelf(), 160), 2)
    life.take()
    life.show(person(less, 160), HOLD_S - 5)
    assert life.waiting() == {}
    life.show(person(less, 160), 10)
    assert life.waiting()


def test_what_the_camera_saw_of_a_change_is_marked_in_its_pictures(life: Life) -> None:
    change_id = buy(life, 1)
    x, y, w, h = PLATES["A1"]
    left, top, right, bottom = good_box("A1", 2)
    mask = np.zeros((h, w), np.uint8)
    mask[top - y : bottom - y, left - x : right - x] = 255
    cut = np.zeros((h, w, 3), np.uint8)
    life.witness.note(
        change_id, RegionChange("A1", "front", START, START + 1, cut, cut, mask, 0.9, 1.0)
    )
    life.show(shelf({("A1", 2)}), 20)
    jpeg = life.witness.picture(f"{change_id}-after-front")
    assert jpeg is not None
    picture = decode_picture(jpeg, "test").astype(int)
    edge = picture[top + 10 - 82 : bottom - 10 - 82, left - 2 - 58 : left + 2 - 58]
    assert ((edge[:, :, 2] - edge[:, :, 0]) > 50).any(axis=1).mean() > 0.9


def test_pictures_that_a_kill_left_as_they_were_are_sent_by_the_next_agent(life: Life) -> None:
    buy(life, GRACE_S + 3)
    life.store.close()
    again = Life(life.folder)
    (names,) = [
        case.told["evidence"] for case in again.ledger.state.cases.values() if case.told is not None
    ]
    again.now = life.now
    again.show(shelf({("A1", 2)}), 1)
    assert set(again.waiting()) == {f"evidence/{name}" for name in names}


def test_what_is_erased_is_not_kept_or_sent_afterwards(life: Life) -> None:
    buy(life, GRACE_S + 3)
    erased = life.witness.erase(Which(all=True))
    assert len(erased.ids) == len(SIDES)
    assert erased.published == ()
    life.show(shelf({("A1", 2)}), 20)
    assert life.waiting() == {}
    assert life.store.views.evidence() == []
    # A change of a moment ago, whose pictures are not there yet.
    life.take()
    life.witness.erase(Which(all=True))
    life.show(shelf({("A1", 2)}), 3)
    assert life.store.views.evidence() == []


def test_pictures_that_could_not_be_stored_are_kept_when_they_can(life: Life) -> None:
    life.show(person(shelf(), 300, reach=(190, 160)), 1)
    change_id = life.take()
    folder = life.folder / "evidence"
    if folder.exists():
        folder.rename(life.folder / "away")
    folder.write_text("no folder")
    with pytest.raises(StoreError):
        life.show(shelf({("A1", 2)}), 3)
    assert life.store.views.evidence() == []
    folder.unlink()
    folder.mkdir()
    life.show(shelf({("A1", 2)}), 3)
    kept = {e.evidence_id for e in life.store.views.evidence()}
    assert kept == {f"{change_id}-{side}-front" for side in SIDES}
