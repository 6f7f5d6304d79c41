"""From a board's uptime to the host's time. Pure: arrival times are passed in.

Samples reach the host late by the time they wait in a serial or network buffer, never early. So the
smallest `arrival - uptime` of the last seconds is the best estimate of the distance between the
two clocks (the minimum filter of NTP, RFC 5905 section 10), and the board's own clock spaces the
samples of a burst evenly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.sensing.stream_parser import UPTIME_MODULUS

WINDOW_S = 5.0
"""How far back the minimum is taken. A ceramic resonator (0.5 %) drifts 25 ms in it."""

SLEW = 0.02
"""The share by which intervals may be stretched to follow drift: four times what 0.5 % needs."""

JUMP_S = 2.0
"""Disagreement between the clocks that no buffer and no drift explains."""

LONGEST_PAUSE_S = 60.0
"""A board silent for longer inside one burst has restarted: buffers do not hold that much."""

_TICK_S = 1e-4


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The clocks moved against each other by `shift_s` at `at` (host time, Unix seconds).

    `restarted` when the board's uptime began anew; otherwise a clock was set. A host clock that was
    set back is caught up slowly (by `SLEW`), because a sample's time never goes backwards.
    """

    at: float
    shift_s: float
    restarted: bool


class Timebase:
    """Gives host times (Unix seconds, strictly rising) to the samples of one board.

    `jumps` counts, and `last_jump` describes, each time the two clocks parted.
    """

    def __init__(self) -> None:
        self._last_ms: int | None = None
        self._board_s = 0.0
        self._offset_s = 0.0
        self._last_at = float("-inf")
        self._distances: deque[tuple[float, float]] = deque()
        self.jumps = 0
        self.last_jump: ClockJump | None = None

    def host_times(self, uptimes_ms: Sequence[int], arrived_at: float) -> list[float]:
        """Return a time for each uptime (oldest first) of a burst that arrived at `arrived_at`."""
        times: list[float] = []
        start = 0
        for index in range(1, len(uptimes_ms) + 1):
            if index == len(uptimes_ms) or self._restarts(
                uptimes_ms[index - 1], uptimes_ms[index], LONGEST_PAUSE_S
            ):
                times += self._map_run(uptimes_ms[start:index], arrived_at)
                start = index
        return times

    @staticmethod
    def _restarts(last_ms: int, next_ms: int, longest_s: float) -> bool:
        return (next_ms - last_ms) % UPTIME_MODULUS > longest_s * 1000

    def _map_run(self, uptimes_ms: Sequence[int], arrived_at: float) -> list[float]:
        """Map a run without a restart inside it; there may be one before it."""
        board = self._unwrap(uptimes_ms)
        distance = arrived_at - board[-1]
        first = self._last_ms is None
        # Over 2**31 ms of uptime a restart looks like a leap ahead; the arrival tells them apart.
        leaps = self._last_ms is not None and uptimes_ms[0] < self._last_ms
        self._last_ms = uptimes_ms[-1]
        previous_s, self._board_s = self._board_s, board[-1]
        if first:
            self._anchor(distance, board)
        else:
            self._follow(distance, board, previous_s, arrived_at, leaps)
        return [self._rising(b + self._offset_s) for b in board]

    def _unwrap(self, uptimes_ms: Sequence[int]) -> list[float]:
        last_ms = uptimes_ms[0] if self._last_ms is None else self._last_ms
        board: list[float] = []
        board_s = self._board_s
        for uptime_ms in uptimes_ms:
            step_ms = (uptime_ms - last_ms) % UPTIME_MODULUS
            if step_ms >= UPTIME_MODULUS // 2:
                step_ms -= UPTIME_MODULUS
            board_s += step_ms / 1000
            board.append(board_s)
            last_ms = uptime_ms
        return board

    def _follow(
        self,
        distance: float,
        board: Sequence[float],
        previous_s: float,
        arrived_at: float,
        leaps: bool,
    ) -> None:
        restarted = board[0] < previous_s
        ahead_s = min(d for _, d in self._distances) - distance
        if restarted or ahead_s > JUMP_S:
            self._note_jump(arrived_at, -ahead_s, restarted or leaps)
            self._anchor(distance, board)
            return
        self._distances.append((board[-1], distance))
        while self._distances[0][0] < board[-1] - WINDOW_S:
            self._distances.popleft()
        wanted = min(d for _, d in self._distances) - self._offset_s
        # Late for long by the host's clock is a clock that was set; a stalled network delivers
        # what it held back all at once.
        if wanted > JUMP_S and arrived_at - sum(self._distances[0]) >= WINDOW_S / 2:
            self._note_jump(arrived_at, wanted, restarted=False)
            self._anchor(distance, board)
            return
        limit = SLEW * max(0.0, board[-1] - previous_s)
        self._offset_s += max(-limit, min(limit, wanted))

    def _anchor(self, distance: float, board: Sequence[float]) -> None:
        """Start anew from one distance, yet not before what was already told."""
        self._distances.clear()
        self._distances.append((board[-1], distance))
        self._offset_s = max(distance, self._last_at + _TICK_S - board[0])

    def _note_jump(self, at: float, shift_s: float, restarted: bool) -> None:
        self.jumps += 1
        self.last_jump = ClockJump(at, shift_s, restarted)

    def _rising(self, at: float) -> float:
        self._last_at = max(at, self._last_at + _TICK_S)
        return self._last_at
