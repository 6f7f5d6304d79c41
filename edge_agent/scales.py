"""The shelf's scales: which plate is on which channel, and its counts as grams."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.errors import UsageError
from edge_agent.pipeline import calibrated
from edge_agent.reception import Reception
from edge_agent.sensing.scale import ScaleBlock, ScaleReader
from edge_agent.settings import PlateSettings, Settings

log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]


class Scales:
    """Readers of all scales that carry plates, and the plates' calibration."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], emit: Callable[[Any], None]
    ) -> None:
        self.plates: dict[str, list[PlateSettings]] = {}
        for plate in settings.plate:
            if plate.scale is not None:
                self.plates.setdefault(plate.scale, []).append(plate)
        self.readers: list[ScaleReader] = []
        for scale in settings.scale:
            used = self.plates.get(scale.id)
            if not used:
                log.warning("scale %s carries no plate and is not read", scale.id)
                continue
            channels = max(p.channel or 0 for p in used) + 1
            self.readers.append(ScaleReader(scale, channels, clock, emit))

    def grams(self, block: ScaleBlock) -> FloatArray:
        """The block's samples (n, plates) in grams, in the order of `plates`."""
        return calibrated(self._counts(block), self.plates[block.scale_id])

    def calibrate(self, plate_id: str, zero_counts: float, counts_per_g: float) -> None:
        """Use a plate's new calibration from the next block on."""
        for plates in self.plates.values():
            for place, plate in enumerate(plates):
                if plate.id == plate_id:
                    plates[place] = plate.model_copy(
                        update={"zero_counts": zero_counts, "counts_per_g": counts_per_g}
                    )
                    return
        raise UsageError(f"There is no weighed plate {plate_id!r} on this shelf.")

    def pass_on(self, block: ScaleBlock, grams: FloatArray, reception: Reception) -> None:
        """Show the samples to the commands that listen."""
        plates, counts = self.plates[block.scale_id], self._counts(block)
        for i, at in enumerate(block.times):
            for kind, rows in (("counts", counts), ("grams", grams)):
                values = {
                    p.id: float(v) for p, v in zip(plates, rows[i], strict=True) if not np.isnan(v)
                }
                reception.pass_on(kind, float(at), values)

    def _counts(self, block: ScaleBlock) -> FloatArray:
        channels = [p.channel or 0 for p in self.plates[block.scale_id]]
        counts: FloatArray = block.counts[:, channels]
        return counts
