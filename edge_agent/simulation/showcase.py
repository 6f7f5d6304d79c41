"""A simulated shelf with its shoppers around the real agent, a real broker and a serial line."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge_agent.agent import Agent
from edge_agent.clock import WRITTEN_AT, SteadyClock
from edge_agent.errors import BrokerError
from edge_agent.settings import Settings
from edge_agent.settings_file import load_settings
from edge_agent.simulation.board import PtyBoard
from edge_agent.simulation.broker import LocalBroker
from edge_agent.simulation.demo_plan import DemoPlan, settings_of, with_camera
from edge_agent.simulation.happenings import (
    CloudTold,
    HandGone,
    Happening,
    ShelfTold,
    SomebodyCame,
)
from edge_agent.simulation.live import LiveShelf
from edge_agent.simulation.operator_cloud import OperatorCloud, Report
from edge_agent.simulation.running import RunningShelf, run_shelf
from edge_agent.simulation.shop import settings_toml, weighed_plates
from edge_agent.systemd_notify import Notifier

TICK_S = 0.02
# A machine that cannot keep up lets the shelf's time pass more slowly, in steps of at most this.
LONGEST_TICK_S = 0.2
CONNECT_S = 15.0
# After the shelf's time has stopped, what is on its way still arrives within this.
SILENCE_S, DRAIN_S = 0.4, 1.5


class ShelfClock:
    """The shelf's time, Unix seconds: as far as its board has sent samples."""

    def __init__(self, start_at: float) -> None:
        self._reached_at = start_at

    def now(self) -> float:
        """The time reached."""
        return self._reached_at

    def reach(self, at: float) -> None:
        """Go on to `at`."""
        self._reached_at = at


class Showcase:
    """Everything that a demo needs, in `folder`; a context in which it runs.

    `happenings` tells what happens, on both sides, in the order in which it became known. An
    error in one of its threads is raised by `check`.
    """

    def __init__(self, plan: DemoPlan, seed: int, folder: Path) -> None:
        self.plan = plan
        self.seed = seed
        self.state = folder / "state"
        self.settings_path = folder / "shelf.toml"
        self.settings: Settings
        self.cloud: OperatorCloud
        # A machine that has not been told the date yet plays in the agent's own time.
        self.clock = ShelfClock(max(time.time(), WRITTEN_AT + 1.0))
        self.started_at = self.clock.now()
        self._broker = LocalBroker(folder / "broker")
        self._happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._heard_at = time.monotonic()
        self._running: dict[str, Future[None]] = {}
        self._open = ExitStack()

    @property
    def now(self) -> float:
        """The shelf's time."""
        return self.clock.now()

    @property
    def is_over(self) -> bool:
        """Whether the shelf's time has come to the end of the plan."""
        return self.now >= self.started_at + self.plan.shelf_s

    @property
    def broker_pid(self) -> int | None:
        """The broker's process."""
        return self._broker.pid

    def start(self) -> None:
        """Start it all; the shelf's time begins to run once the agent is connected."""
        self._broker.start()
        self._open.callback(self._broker.stop)
        plates = len(weighed_plates(settings_of("none", 1)))
        board = self._open.enter_context(PtyBoard(plates, self.plan.rate_hz))
        self.settings_path.parent.mkdir(parents=True, exist_ok=True)
        written = settings_of(board.port, self._broker.port)
        if self.plan.pictures:
            written = with_camera(written, self.seed)
        self.settings_path.write_text(settings_toml(written), encoding="utf-8")
        self.settings = load_settings(self.settings_path)
        self.cloud = OperatorCloud(
            self._broker.host,
            self._broker.port,
            self.settings.topic_prefix,
            self.clock.now,
            self._hear,
        )
        self._open.callback(self.cloud.stop)
        self.cloud.start()
        shelf = self.plan.shelf(self.seed, self.started_at, self.settings)
        running = run_shelf(self.seed, shelf)
        if self.plan.pictures:
            self._teach()
        self._start_agent()
        self._run("board", lambda: self._feed(running, board))

    def _teach(self) -> None:
        """Show the agent its products, as a technician would have done."""
        from edge_agent.simulation.pictures.layout import USUAL_SIZE
        from edge_agent.simulation.pictures.taught import teach
        from edge_agent.vision.features.gallery import Gallery

        teach(Gallery(self.state), self.settings, self.seed, USUAL_SIZE, self.started_at)

    def check(self) -> None:
        """Raise what ended one of the parts before its time."""
        self._broker.check()
        for future in self._running.values():
            if future.done():
                future.result()

    def happenings(self, wait_s: float) -> Iterator[Happening]:
        """What has happened since the last call; waits up to `wait_s` for the first."""
        try:
            yield self._happenings.get(timeout=wait_s)
            while True:
                yield self._happenings.get_nowait()
        except queue.Empty:
            return

    def stand_still(self) -> None:
        """Stop the shelf's time and wait until what is on its way has arrived."""
        self._stopping.set()
        self._running["board"].result()
        deadline = time.monotonic() + DRAIN_S
        stopped_at = time.monotonic()
        while time.monotonic() < deadline:
            if time.monotonic() - max(self._heard_at, stopped_at) >= SILENCE_S:
                return
            time.sleep(0.02)

    def _start_agent(self) -> None:
        clock = SteadyClock(wall=self.clock.now, monotonic=self.clock.now)
        built: Future[Agent] = Future()

        def work() -> None:
            # Built where it runs: its store is for one thread alone.
            agent = Agent(self.settings, self.settings_path, self.state, Notifier(None), clock)
            built.set_result(agent)
            agent.run()

        def end() -> None:
            either: tuple[Future[Any], ...] = (built, running)
            wait(either, return_when=FIRST_COMPLETED)
            if built.done():
                built.result().stop()
            running.result()

        running = self._run("agent", work)
        self._open.callback(end)
        deadline = time.monotonic() + CONNECT_S
        while not self.cloud.wait_for_shelf(0.1):
            self.check()
            if time.monotonic() > deadline:
                raise BrokerError(
                    f"The agent has not connected to the broker on port {self._broker.port} of "
                    f"this machine within {CONNECT_S:.0f} s. See agent.log with --keep."
                )

    def _run(self, name: str, work: Callable[[], None]) -> Future[None]:
        """Run `work` in a thread of its own, whose error is not lost."""
        pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        future: Future[None] = pool.submit(work)
        self._running[name] = future
        pool.shutdown(wait=False)
        return future

    def _hear(self, report: Report) -> None:
        self._heard_at = time.monotonic()
        self._happenings.put(ShelfTold(report["time"], report))

    def _feed(self, running: RunningShelf, board: PtyBoard) -> None:
        """Let the shelf's time run: samples to the board, messages to the broker."""
        last = time.monotonic()
        while not self._stopping.wait(TICK_S) and not self.is_over:
            now = time.monotonic()
            step_s = min(now - last, LONGEST_TICK_S) * self.plan.speed
            last = now
            with running as shelf:
                times, counts = shelf.next_block(step_s)
                self.clock.reach(shelf.now)
                self._tell_what_happens(shelf)
            board.send(times, counts, patience_s=LONGEST_TICK_S)

    def _tell_what_happens(self, shelf: LiveShelf) -> None:
        now = shelf.now
        for visit in shelf.visits_due(now):
            self._happenings.put(SomebodyCame(visit.starts_at, visit))
        for action in shelf.events_due(now):
            self._happenings.put(HandGone(action.at, action))
        for message in shelf.messages_due(now):
            self.cloud.tell(message)
            self._happenings.put(CloudTold(message.at, message))

    def close(self) -> None:
        """End everything, the agent first, the broker last."""
        self._stopping.set()
        if "board" in self._running:
            self._running["board"].exception()
        self._open.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
