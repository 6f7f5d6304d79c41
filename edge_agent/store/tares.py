"""Zeros that the cloud had taken: the agent may not write its settings file, so they lie here."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.store.database import StateDatabase

_KEY = "tare "


@dataclass(frozen=True, slots=True)
class RemoteTare:
    """A plate's zero in counts, and the calibration of the settings file that it was taken beside.

    It holds as long as the file says the same: who calibrates the plate there knows better.
    """

    zero_counts: float
    file_zero_counts: float
    file_counts_per_g: float


class Tares:
    """Remote tares by plate."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def put(self, plate: str, tare: RemoteTare) -> None:
        """Store a plate's zero, in place of the one before."""
        figures = (tare.zero_counts, tare.file_zero_counts, tare.file_counts_per_g)
        self._db.execute(
            "insert or replace into meta values (?, ?)",
            (_KEY + plate, " ".join(repr(figure) for figure in figures)),
        )

    def drop(self, plate: str) -> None:
        """Forget a plate's zero; nothing happens where there is none."""
        self._db.execute("delete from meta where key = ?", (_KEY + plate,))

    def get(self, plate: str) -> RemoteTare | None:
        """Return a plate's zero, None where the cloud had none taken."""
        text = self._db.value("select value from meta where key = ?", (_KEY + plate,))
        return None if text is None else RemoteTare(*(float(part) for part in text.split()))
