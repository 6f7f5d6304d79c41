"""The cameras of a running agent, the eyes behind them, and what becomes of what they tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

from edge_agent.adapter import Adapter
from edge_agent.eyes import Eyes, Looked, open_eyes
from edge_agent.ledger import Ledger
from edge_agent.pipeline import Pipeline
from edge_agent.settings import Settings
from edge_agent.shelf.scans import scan_output
from edge_agent.standing import Standing
from edge_agent.vision.cameras.health import CameraAilment, CameraHealth, CameraRecovered
from edge_agent.vision.cameras.reader import (
    CameraEnded,
    CameraEvent,
    CameraFound,
    CameraLost,
    CameraReader,
)
from edge_agent.vision.frames import Frame
from edge_agent.weighing.change import WeightChange
from edge_agent.weighing.level_log import LevelLog
from edge_agent.witness import Witness

log = logging.getLogger(__name__)


class Cameras:
    """Reads all cameras; frames go to the witness and the eyes, their findings to the ledger.

    `emit` gives an event to the agent's loop, which hands it to `take`.
    """

    def __init__(
        self,
        settings: Settings,
        state: Path,
        ledger: Ledger,
        witness: Witness,
        standing: Standing,
        clock: Callable[[], float],
        emit: Callable[[Any], None],
        level_log: LevelLog | None = None,
    ) -> None:
        self._ledger = ledger
        self._witness = witness
        self._standing = standing
        self._emit = emit
        self._readers = [
            CameraReader(c, clock, self._see, health=CameraHealth(c.id)) for c in settings.camera
        ]
        self._eyes: Eyes | None = open_eyes(settings, state, ledger, emit, level_log)

    @property
    def adapters(self) -> Sequence[Adapter]:
        """What runs in threads of its own."""
        return [*self._readers, self._eyes] if self._eyes is not None else self._readers

    def ask(self, change: WeightChange) -> None:
        """Look what moved in this change."""
        if self._eyes is not None:
            self._eyes.ask(change)

    def _see(self, event: CameraEvent) -> None:
        """Take what a camera's thread tells. Frames go to their ring at once: a loop that waits
        for the disk must not gather pictures of 3 MB each."""
        if not isinstance(event, Frame):
            self._emit(event)
            return
        self._witness.see(event)
        if self._eyes is not None:
            self._eyes.see(event)

    @singledispatchmethod
    def take(self, event: Any, pipeline: Pipeline) -> None:
        """Act on what a camera or the eyes told; raises StoreError where it cannot be kept."""
        raise TypeError(f"no such event: {type(event).__name__}")

    @take.register
    def _(self, looked: Looked, pipeline: Pipeline) -> None:
        motion = [looked.motion] if looked.motion is not None else []
        pipeline.take_seen([*(seen.fact for seen in looked.seen), *motion])
        for seen in looked.seen:
            self._witness.note(seen.change_id, seen.region)
        for scan in looked.scans:
            told = scan_output(scan, self._ledger.state.catalogue)
            # Not twice where the store failed on what came with it.
            self._ledger.tell(told, seen=("scans", scan.scan_id))

    @take.register
    def _(self, lost: CameraLost, pipeline: Pipeline) -> None:
        self._standing.lost(f"camera {lost.camera_id}", lost.reason)

    @take.register
    def _(self, found: CameraFound, pipeline: Pipeline) -> None:
        self._standing.back(f"camera {found.camera_id}", found.after_s)

    @take.register
    def _(self, ill: CameraAilment, pipeline: Pipeline) -> None:
        self._standing.lost(f"camera {ill.camera_id} {ill.ailment}", ill.reason)

    @take.register
    def _(self, well: CameraRecovered, pipeline: Pipeline) -> None:
        self._standing.back(f"camera {well.camera_id} {well.ailment}", well.after_s)

    @take.register
    def _(self, ended: CameraEnded, pipeline: Pipeline) -> None:
        log.info("camera %s has shown its %d pictures", ended.camera_id, ended.frames)
