"""The running agent: builds the adapters and runs the loop; the only place that knows them all."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

from edge_agent.adapter import Adapter, stop_together
from edge_agent.cameras import Cameras
from edge_agent.clock import SteadyClock
from edge_agent.cloud import session_events as cloud
from edge_agent.control import SOCKET_NAME, ControlServer
from edge_agent.desk import Desk
from edge_agent.errors import StoreError
from edge_agent.eyes import Looked
from edge_agent.fittings import Fittings, with_remote_tares
from edge_agent.inlet import Inlet
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.reception import Asked, Reception
from edge_agent.scales import Scales
from edge_agent.sensing.scale import ScaleBlock, ScaleFound, ScaleLost
from edge_agent.settings import Settings
from edge_agent.shelf.facts import LinkFact
from edge_agent.shelf.state import Output
from edge_agent.standing import Standing
from edge_agent.store.store import Store
from edge_agent.systemd_notify import Notifier
from edge_agent.traces import TraceKeeper
from edge_agent.upkeep import Upkeep
from edge_agent.uplink import Uplink, build_uplink
from edge_agent.vision.cameras.health import CameraAilment, CameraRecovered
from edge_agent.vision.cameras.reader import CameraEnded, CameraEvent, CameraFound, CameraLost
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.level_log import LevelLog
from edge_agent.witness import Witness

log = logging.getLogger(__name__)

IDLE_S = 0.2
STORE_RETRY_S = 1.0
# For the answer to a restart to leave; what does not is sent after the start.
FAREWELL_S = 1.5


class Agent:
    """One shelf, from its cables to its cloud. One thread, the caller's, decides and writes."""

    def __init__(
        self,
        settings: Settings,
        settings_path: Path,
        state: Path,
        notifier: Notifier,
        clock: SteadyClock | None = None,
    ) -> None:
        """Opens the state folder; raises StoreError or SettingsError where that cannot be."""
        self._clock = clock or SteadyClock()
        self._notifier = notifier
        self._inlet = Inlet()
        self._stopping = threading.Event()
        self._leave_at: float | None = None
        self._store = Store.open(state)
        self._settings = with_remote_tares(settings, self._store.tares)
        self._ledger = Ledger(settings, self._store)
        self._standing = Standing(settings, self._clock.now())
        self._witness = Witness(settings, state / "evidence", self._ledger, self._store)
        self._level_log = LevelLog() if settings.camera else None
        self._pipeline = self._build_pipeline()
        self._scales = Scales(self._settings, self._clock.now, self._inlet.put)
        for scale_id, plates in self._scales.plates.items():
            self._pipeline.add_scale(scale_id, [p.id for p in plates])
        self._reception = Reception(self._inlet.put)
        self._control = ControlServer(state / SOCKET_NAME, self._reception.handle)
        self._fittings = self._build_fittings(settings)
        self._uplink = self._build_uplink(settings_path)
        self._desk = Desk(self._ledger, self._pipeline, self._store, self._fittings, self._witness)
        self._cameras = self._build_cameras(state)
        self._upkeep = Upkeep(
            self._ledger, self._pipeline, self._store, self._standing, notifier, self._clock
        )
        self._unstored: deque[Any] = deque()

    def _build_pipeline(self) -> Pipeline:
        return Pipeline(
            self._settings,
            self._ledger,
            self._store,
            on_outputs=self._decided,
            on_change=self._changed,
            traces=TraceKeeper(self._store.traces),
            level_log=self._level_log,
        )

    def _build_cameras(self, state: Path) -> Cameras:
        parts = (self._ledger, self._witness, self._standing)
        tools = (self._clock.now, self._inlet.put, self._level_log)
        return Cameras(self._settings, state, *parts, *tools)

    def _build_fittings(self, filed: Settings) -> Fittings:
        parts = (self._pipeline, self._scales, self._witness, self._standing)
        return Fittings(filed, self._store, self._ledger, *parts, restart=self._leave_soon)

    def _build_uplink(self, settings_path: Path) -> Uplink | None:
        parts = (self._store, self._ledger, self._fittings, self._standing)
        # Waits for room: a dropped message would come again only with the next connection.
        return build_uplink(self._settings, settings_path, *parts, emit=self._inlet.put_surely)

    def stop(self) -> None:
        """Ask the loop to end; safe from a signal handler."""
        self._stopping.set()

    def _leave_soon(self) -> None:
        """End by a command, with status 0: the unit starts the agent again (Restart=always)."""
        log.info("restarting, by a command from the cloud")
        self._leave_at = time.monotonic() + FAREWELL_S

    def run(self) -> None:
        """Work until `stop`; leaves everything closed and the levels stored."""
        try:
            self._start()
            while not self._stopping.is_set():
                self._step()
        finally:
            self._end()

    def _adapters(self) -> list[Adapter]:
        uplink = [self._uplink] if self._uplink is not None else []
        return [*self._scales.readers, *self._cameras.adapters, *uplink]

    def _start(self) -> None:
        self._decided(self._upkeep.check_clock(self._clock.now(), first=True))
        # Nothing is heard of the cloud until a connection says so.
        self._decided(self._ledger.take(LinkFact(self._clock.now(), False)))
        self._control.start()
        for adapter in self._adapters():
            adapter.start()
        self._notifier.ready()
        log.info("shelf %s runs, state in place", self._settings.shelf_id)

    def _end(self) -> None:
        self._notifier.stopping()
        self._control.stop()
        stop_together(self._adapters())
        try:
            self._pipeline.keep_levels(self._clock.now())
            self._upkeep.keep_watched()
            self._pipeline.keep_traces(self._clock.now())
        except StoreError as error:
            log.error("%s", error)
        self._store.close()
        log.info("shelf %s has stopped", self._settings.shelf_id)

    def _step(self) -> None:
        """One round: what has come, what is due, what is to be sent."""
        if not self._unstored:
            self._unstored.extend(self._inlet.take(IDLE_S))
        now = self._clock.now()
        try:
            while self._unstored:
                self._take(self._unstored[0])
                self._unstored.popleft()
            self._pipeline.tick(now)
            self._decided(self._witness.keep_due(now))
            self._decided(self._upkeep.work(now))
            if self._uplink is not None:
                self._uplink.pump(now)
            self._store_works()
        except StoreError as error:
            self._store_failed(error)
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self._stopping.set()
        if all(reader.is_alive() for reader in self._scales.readers):
            self._upkeep.feed_watchdog()

    def _changed(self, change: WeightChange) -> None:
        """A change was told: what pictures there are of it is kept, and looked at."""
        self._witness.want(change, self._clock.now())
        self._cameras.ask(change)

    @singledispatchmethod
    def _take(self, event: Any) -> None:
        """Act on one event of an adapter."""
        raise TypeError(f"no such event: {type(event).__name__}")

    @_take.register
    def _(self, block: ScaleBlock) -> None:
        grams = self._scales.grams(block)
        self._fittings.recent.note(block)
        if self._reception.has_listeners:
            self._scales.pass_on(block, grams, self._reception)
        self._pipeline.weigh(block.scale_id, block.times, grams)

    @_take.register
    def _(self, lost: ScaleLost) -> None:
        self._standing.lost(f"scale {lost.scale_id}", lost.reason)

    @_take.register
    def _(self, found: ScaleFound) -> None:
        self._standing.back(f"scale {found.scale_id}", found.after_s)

    @_take.register(CameraLost)
    @_take.register(CameraFound)
    @_take.register(CameraEnded)
    @_take.register(CameraAilment)
    @_take.register(CameraRecovered)
    @_take.register(Looked)
    def _(self, told: CameraEvent | Looked) -> None:
        self._cameras.take(told, self._pipeline)

    @_take.register(cloud.Arrived)
    @_take.register(cloud.Connected)
    @_take.register(cloud.Disconnected)
    @_take.register(cloud.Refused)
    @_take.register(cloud.Delivered)
    @_take.register(cloud.Denied)
    def _(self, event: cloud.SessionEvent) -> None:
        if self._uplink is not None:
            self._decided(self._uplink.take(event, self._clock.now()))
            if isinstance(event, cloud.Connected):
                self._upkeep.tell_status_soon()

    @_take.register
    def _(self, asked: Asked) -> None:
        self._desk.answer(asked, self._clock.now(), self._decided)

    def _decided(self, outputs: Sequence[Output]) -> None:
        """After each commit: the pictures that its cases need follow them."""
        self._witness.publish_for(outputs)
        for output in outputs:
            if output.topic == "losses":
                told = output.payload
                log.info("case %s %s: %s", output.key, told["state"], told["explanation"])

    def _store_failed(self, error: StoreError) -> None:
        """Said once. What could not be stored is tried again, in its order, before anything new;
        meanwhile the queue fills, and the broker keeps what was not acknowledged."""
        if "store" not in self._standing.faults:
            log.error("%s", error)
        self._standing.fault("store", str(error))
        self._stopping.wait(STORE_RETRY_S)

    def _store_works(self) -> None:
        if "store" in self._standing.faults:
            log.info("the store works again")
            self._standing.mended("store")
