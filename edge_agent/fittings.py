"""The live shelf's equipment, as far as commands from the cloud may use it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from edge_agent.equipment import Deed
from edge_agent.errors import CameraError, UsageError
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.recent_counts import RecentCounts
from edge_agent.scales import Scales
from edge_agent.settings import PlateSettings, Settings
from edge_agent.standing import Standing
from edge_agent.store.outbox import OutboxMessage
from edge_agent.store.store import Store
from edge_agent.store.tares import RemoteTare, Tares
from edge_agent.weighing.calibration import is_load
from edge_agent.weighing.calibration import tare as zero_of
from edge_agent.witness import Witness

log = logging.getLogger(__name__)

# A picture older than this shows another shelf.
FRESH_PICTURE_S = 60.0


class Fittings:
    """Scales, cameras and the program itself; used by the agent's loop alone."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ledger: Ledger,
        pipeline: Pipeline,
        scales: Scales,
        witness: Witness,
        standing: Standing,
        restart: Callable[[], None],
    ) -> None:
        """`settings` are as in the file; `restart` ends the agent once its answer has gone."""
        self._store = store
        self._ledger = ledger
        self._pipeline = pipeline
        self._scales = scales
        self._witness = witness
        self._standing = standing
        self._restart = restart
        self._filed = {p.id: (p.zero_counts, p.counts_per_g) for p in settings.plate}
        self.recent = RecentCounts()

    def status(self, now: float) -> dict[str, Any]:
        """What the `status` message would say now."""
        return self._standing.payload(now, self._pipeline.health(), self._store.outbox.depth)

    def calibrated(self, plate_id: str, zero_counts: float, counts_per_g: float) -> None:
        """Use what a technician wrote into the settings file; the plate's weight is no change.

        Raises UsageError where there is no such plate.
        """
        self._use(plate_id, zero_counts, counts_per_g)
        self._filed[plate_id] = (zero_counts, counts_per_g)
        self._store.tares.drop(plate_id)

    def tare(self, plate_id: str, confirmed: bool, now: float) -> Deed:
        """Zero a plate by its last seconds, where it is still, and empty or `confirmed`.

        Raises UsageError, ScaleError, and CalibrationError where the reading is no good.
        """
        plate = self._weighed(plate_id)
        assert plate.scale is not None
        zero = round(zero_of(self.recent.of(plate.scale, plate.channel or 0, now)), 2)
        moved_g = (zero - plate.zero_counts) / plate.counts_per_g
        goods = self._goods(plate, moved_g)
        if goods and not confirmed:
            raise UsageError(
                f"On plate {plate_id} there is {goods}: have everything taken off, or send "
                '"confirm": true to make this weight its zero.'
            )
        tare = RemoteTare(zero, *self._filed[plate_id])
        return Deed(
            {"plate": plate_id, "zero_counts": zero, "moved_g": round(moved_g, 3)},
            keep=lambda: self._store.tares.put(plate_id, tare),
            act=lambda: self._use(plate_id, zero, plate.counts_per_g),
        )

    def snapshot(self, camera: str | None, name: str, now: float) -> Deed:
        """Put a camera's newest picture into the outbox, as evidence is sent.

        Raises UsageError where there is no such camera or no picture, CameraError where the newest
        is old.
        """
        camera, at, jpeg = self._witness.latest_as_evidence(camera)
        if now - at > FRESH_PICTURE_S:
            raise CameraError(
                f"The newest picture of camera {camera!r} is {now - at:.0f} s old: the camera does "
                "not work. Run `edge-agent doctor`."
            )
        evidence_id = f"{name}-{camera}"
        message = OutboxMessage(
            evidence_id, f"evidence/{evidence_id}", jpeg, "image/jpeg", False, now
        )
        return Deed(
            {"evidence_id": evidence_id, "camera": camera},
            keep=lambda: self._store.outbox.put(message),
        )

    def restart(self) -> Deed:
        """End the agent in order; the service manager starts it again."""
        return Deed({}, act=self._restart)

    def _use(self, plate_id: str, zero_counts: float, counts_per_g: float) -> None:
        self._scales.calibrate(plate_id, zero_counts, counts_per_g)
        self._pipeline.relevel(plate_id, zero_counts, counts_per_g)

    def _weighed(self, plate_id: str) -> PlateSettings:
        weighed = [plate for plates in self._scales.plates.values() for plate in plates]
        for plate in weighed:
            if plate.id == plate_id:
                return plate
        known = ", ".join(plate.id for plate in weighed) or "none"
        raise UsageError(f"There is no weighed plate {plate_id!r} on this shelf. Use: {known}")

    def _goods(self, plate: PlateSettings, weight_g: float) -> str:
        """What stands on the plate, by count or by weight; empty where nothing does."""
        state = self._ledger.state
        counted = {s: n for s, n in state.stock.get(plate.id, {}).items() if n > 0}
        if plate.id in state.counted and counted:
            return ", ".join(f"{n} × {state.catalogue.name(s)}" for s, n in counted.items())
        products = [
            state.catalogue.products[sku]
            for sku in state.catalogue.plates.get(plate.id, plate.products)
            if sku in state.catalogue.products
        ]
        lightest_g = min((p.weight_g for p in products if p.weight_g), default=0.0)
        if is_load(weight_g, lightest_g):
            return f"a weight of {weight_g:.0f} g"
        return ""


def with_remote_tares(settings: Settings, tares: Tares) -> Settings:
    """The settings with the zeros that the cloud had taken, where the file has none newer."""
    plates = []
    for plate in settings.plate:
        tare = tares.get(plate.id)
        filed = (plate.zero_counts, plate.counts_per_g)
        if tare is None or (tare.file_zero_counts, tare.file_counts_per_g) != filed:
            tares.drop(plate.id)
            plates.append(plate)
            continue
        log.info("plate %s: zero %.2f counts, from the cloud's tare", plate.id, tare.zero_counts)
        plates.append(plate.model_copy(update={"zero_counts": tare.zero_counts}))
    return settings.model_copy(update={"plate": tuple(plates)})
