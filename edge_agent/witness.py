"""Pictures of changes: kept before and after each, and sent with the case that needs them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import UsageError
from edge_agent.ledger import Ledger
from edge_agent.settings import Settings
from edge_agent.shelf.facts import EvidenceFact
from edge_agent.shelf.state import Case, Output
from edge_agent.store.outbox import OutboxMessage
from edge_agent.store.store import Store
from edge_agent.store.views import EvidenceFile
from edge_agent.vision.evidence import EvidenceKeeper, regions_by_camera
from edge_agent.vision.frames import Frame, FrameRing, encode_jpeg
from edge_agent.weighing.change import WeightChange

# Long enough for a frame without the hand, at five frames a second.
AFTER_S = 0.6
LIMITS_EVERY_S = 600.0
SNAPSHOT_QUALITY = 90


@dataclass(frozen=True, slots=True)
class _Wanted:
    change_id: str
    started_at: float
    settled_at: float
    due_at: float


class Witness:
    """Keeps what the cameras saw of each change; used by the agent's loop alone."""

    def __init__(self, settings: Settings, folder: Path, ledger: Ledger, store: Store) -> None:
        self._keeper = EvidenceKeeper(folder, settings.evidence, regions_by_camera(settings))
        self._ledger = ledger
        self._store = store
        self._rings = {camera.id: FrameRing() for camera in settings.camera}
        self._wanted: deque[_Wanted] = deque()
        self._seen: dict[str, None] = {}
        self._limits_at = 0.0
        # A kill between a case and its pictures must not cost them: those sent before are known.
        self._unpublished = [
            e for c in ledger.state.cases.values() if c.state != "closed" for e in evidence_of(c)
        ]

    def see(self, frame: Frame) -> None:
        """Remember a frame for a while; the one thing here that any thread may do."""
        self._rings[frame.camera].add(frame)

    def want(self, change: WeightChange, now: float) -> None:
        """Keep pictures of this change as soon as there can be one after it."""
        if change.withdrawn or change.unobserved or change.change_id in self._seen:
            return
        self._seen[change.change_id] = None
        if len(self._seen) > 1000:
            del self._seen[next(iter(self._seen))]
        self._wanted.append(
            _Wanted(change.change_id, change.started_at, change.settled_at, now + AFTER_S)
        )

    def keep_due(self, now: float) -> list[Output]:
        """Keep the pictures that are due, and keep the folder within its limits.

        Returns what the ledger tells because of them. Raises StoreError where there is no room.
        """
        outputs: list[Output] = []
        self._publish(now)
        while self._wanted and self._wanted[0].due_at <= now:
            outputs += self._keep(self._wanted.popleft(), now)
        if now - self._limits_at >= LIMITS_EVERY_S:
            self._limits_at = now
            self._enforce_limits(now)
        return outputs

    def publish_for(self, outputs: Sequence[Output]) -> None:
        """Put the pictures of the cases among `outputs` into the outbox, each once."""
        for output in outputs:
            if output.topic == "losses":
                self._unpublished += output.payload["evidence"]
                self._publish(output.at)

    def picture(self, evidence_id: str) -> bytes | None:
        """The JPEG of a picture that is kept, or None."""
        return self._keeper.find(evidence_id)

    def latest(self, camera: object) -> tuple[str, bytes]:
        """The newest frame of a camera (of the first one, for None), as its id and a JPEG."""
        frame = self._newest(camera)
        return frame.camera, encode_jpeg(frame.image, SNAPSHOT_QUALITY)

    def latest_as_evidence(self, camera: object) -> tuple[str, float, bytes]:
        """The newest frame as `latest`, when it was taken, and its JPEG as evidence shows it."""
        frame = self._newest(camera)
        return frame.camera, frame.at, self._keeper.shown(frame)

    def _newest(self, camera: object) -> Frame:
        names = list(self._rings)
        name = str(camera) if camera is not None else (names[0] if names else "")
        frame = self._rings[name].before(math.inf) if name in self._rings else None
        if frame is None:
            raise UsageError(
                f"There is no picture of camera {name!r} yet (pictures of: "
                f"{', '.join(names) or 'none'}). Run `edge-agent doctor`."
            )
        return frame

    def _keep(self, wanted: _Wanted, now: float) -> list[Output]:
        pictures = [
            picture
            for ring in self._rings.values()
            for picture in (
                self._keeper.keep_before(wanted.change_id, wanted.started_at, ring),
                self._keeper.keep_after(wanted.change_id, wanted.settled_at, ring),
            )
            if picture is not None
        ]
        if not pictures:
            return []
        with self._store.atomic():
            for picture in pictures:
                self._store.views.put_evidence(
                    EvidenceFile(
                        picture.evidence_id,
                        picture.change_id,
                        picture.at,
                        picture.path.name,
                        picture.size,
                    )
                )
        names = tuple(picture.evidence_id for picture in pictures)
        return self._ledger.take(EvidenceFact(now, wanted.change_id, names))

    def _publish(self, at: float) -> None:
        if not self._unpublished:
            return
        with self._store.atomic():
            for evidence_id in self._unpublished:
                jpeg = self._keeper.find(evidence_id)
                if jpeg is None or not self._store.journal.accept("evidence", evidence_id, at):
                    continue
                self._store.outbox.put(
                    OutboxMessage(
                        # A JPEG carries no id of its own: the topic's is what `acks` name it by.
                        event_id=evidence_id,
                        topic=f"evidence/{evidence_id}",
                        payload=jpeg,
                        content_type="image/jpeg",
                        retain=False,
                        at=at,
                    )
                )
        self._unpublished.clear()

    def _enforce_limits(self, now: float) -> None:
        needed = {
            evidence_id
            for case in self._ledger.state.cases.values()
            if case.state != "closed"
            for evidence_id in evidence_of(case)
        }
        deleted = set(self._keeper.enforce_limits(now, needed))
        if deleted:
            gone = [e.evidence_id for e in self._store.views.evidence() if e.file in deleted]
            self._store.views.delete_evidence(gone)


def evidence_of(case: Case) -> list[str]:
    """The ids of the pictures that a case names."""
    return list(case.told["evidence"])
