"""The course of `camera aim --propose`: lift one item of each plate, put it back, look."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_agent.cli.console import note
from edge_agent.cli.plate_lifts import Lift, PlateLifts
from edge_agent.cli.readings import Readings
from edge_agent.errors import CameraError
from edge_agent.settings import PlateSettings
from edge_agent.vision.aiming import is_still, lifted_box
from edge_agent.vision.frames import Frame, Image
from edge_agent.vision.seen import Box

LOOK_EVERY_S = 0.5
REMEMBER_S = 30.0
# The hand must be out of the picture before it is compared.
HAND_AWAY_S = 6.0
HAND_COMES_S = 1.0


@dataclass(slots=True)
class _Lifted:
    """An item of a plate is away: how it looked before, and without it once all was still."""

    before: Image
    without: Image


@dataclass(slots=True)
class _Waiting:
    """A picture is wanted as soon as nothing moves, at the latest `until`."""

    lift: Lift
    until: float


@dataclass(slots=True)
class AimingCourse:
    """Asks for the plates one by one in any order; `look` gives the camera's newest picture."""

    look: Callable[[], Image]
    plates: Sequence[PlateSettings]
    wait_s: float
    found: dict[str, list[Box]] = field(default_factory=dict)
    _away: dict[str, _Lifted] = field(default_factory=dict)
    _seen: deque[Frame] = field(default_factory=deque)
    _waiting: _Waiting | None = None

    def run(self, readings: Readings) -> dict[str, list[Box]]:
        """Follow the plates until all were seen, or nothing happens for `wait_s`, or Ctrl-C.

        Returns the boxes of the items by plate. Raises CameraError where no picture comes.
        """
        lifts = PlateLifts(readings, self.plates)
        note("Waiting for the plates to rest.")
        asked = False
        deadline = time.monotonic() + self.wait_s
        try:
            for at, told in lifts.moments():
                self._look(at)
                if told or lifts.moving or self._waiting is not None:
                    deadline = time.monotonic() + self.wait_s
                if not asked and lifts.known and len(self._seen) > 1:
                    asked = True
                    note(self._request())
                for lift in told:
                    self._wait_for(lift, at)
                self._compare(at)
                if self._done() or time.monotonic() > deadline:
                    break
        except KeyboardInterrupt:
            note("Ended.")
        return self.found

    def _request(self) -> str:
        return (
            f"Lift one item of each plate ({', '.join(p.id for p in self.plates)}) clear of the "
            "picture for some seconds, put it back, step aside. Ctrl-C ends."
        )

    def _done(self) -> bool:
        return self._waiting is None and len(self.found) == len(self.plates)

    def _look(self, at: float) -> None:
        if self._seen and at - self._seen[-1].at < LOOK_EVERY_S:
            return
        self._seen.append(Frame("aim", at, self.look()))
        while self._seen[0].at < at - REMEMBER_S:
            self._seen.popleft()

    def _wait_for(self, lift: Lift, at: float) -> None:
        """Wait for a still picture after this; one that still waits must do with what is there."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting.lift.plate == lift.plate:
            note(f"  {lift.plate}: too quick. Keep it away for some seconds.")
            return
        if waiting is not None:
            self._take(waiting.lift, self._seen[-1].image)
        self._waiting = _Waiting(lift, at + HAND_AWAY_S)

    def _compare(self, at: float) -> None:
        waiting = self._waiting
        if waiting is None or self._seen[-1].at <= waiting.lift.at or len(self._seen) < 2:
            return
        if not is_still(self._seen[-2].image, self._seen[-1].image):
            if at < waiting.until:
                return
            note(f"  {waiting.lift.plate}: the picture does not come to rest; step aside.")
        self._waiting = None
        self._take(waiting.lift, self._seen[-1].image)

    def _take(self, lift: Lift, now: Image) -> None:
        lifted = self._away.get(lift.plate)
        if lifted is None:
            self._away[lift.plate] = _Lifted(self._before(lift.started_at), now)
            verb = "lifted" if lift.delta_g < 0 else "put"
            note(f"  {lift.plate}: {abs(lift.delta_g):.0f} g {verb}; now back as it was.")
            return
        del self._away[lift.plate]
        box = lifted_box(lifted.before, lifted.without, now)
        if box is None:
            note(f"  {lift.plate}: the picture does not show it. Try with another item.")
            return
        self.found.setdefault(lift.plate, []).append(box)
        left = [p.id for p in self.plates if p.id not in self.found]
        note(
            f"  {lift.plate}: seen. " + (f"Still to do: {', '.join(left)}" if left else "All done.")
        )

    def _before(self, started_at: float) -> Image:
        """The last picture from before the hand came: nothing moved up to the next one."""
        earlier = [frame for frame in self._seen if frame.at < started_at - HAND_COMES_S]
        if not earlier:
            raise CameraError("No picture from before the first item was lifted. Begin anew.")
        for first, second in zip(reversed(earlier[:-1]), reversed(earlier[1:]), strict=True):
            if is_still(first.image, second.image):
                return first.image
        return earlier[0].image
