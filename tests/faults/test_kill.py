"""`kill -9` at random moments, under load: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_agent.store.store import Store
from tests.broker import Broker
from tests.faults.fault_scene import (
    GOODS,
    START_UNITS,
    Cloud,
    Heard,
    Scene,
    Shelf,
    command,
    payment,
    scene,
)

KILLS = 51
RUNS = b"state in place"
REVISED = {"changes": "change_id", "visits": "visit_id", "losses": "case_id"}
VIEWS = {"changes": "change", "visits": "visit", "losses": "case", "stock": "stock"}


# One process has everything imported and forks a life for each line it reads: fifty times the
# time that imports take would be spent on nothing. A life is a process of its own all the same.
NURSERY = """
import os, sys
import edge_agent.agent
from edge_agent.cli.main import main

for line in sys.stdin:
    log, *arguments = line.rstrip().split("\\t")
    child = os.fork()
    if child == 0:
        out = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        for descriptor, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, out)):
            os.dup2(source, descriptor)
        os._exit(main(arguments))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Nursery:
    """Bears one life of the agent after the other."""

    def __init__(self, made: Scene) -> None:
        self.log_file = made.folder / "lives.log"
        self._arguments = ["run", "--config", str(made.config), "--state", str(made.state)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, seconds: float) -> float | None:
        """Bear a life and kill it after a time; returns how long it took to run, if it came to."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        logged = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._process.stdin.write("\t".join([str(self.log_file), *self._arguments]) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        born_at = time.monotonic()
        ran_after_s: float | None = None
        while time.monotonic() < born_at + seconds:
            time.sleep(0.005)
            if ran_after_s is None and RUNS in self.log_file.read_bytes()[logged:]:
                ran_after_s = time.monotonic() - born_at
        os.kill(pid, signal.SIGKILL)
        ended = int(self._process.stdout.readline())
        assert ended == signal.SIGKILL, f"it ended by itself ({ended}): {self.log_file.read_text()}"
        return ran_after_s

    def close(self) -> None:
        """End the nursery."""
        self._process.kill()
        self._process.communicate(timeout=10)


class Shoppers(threading.Thread):
    """Take and put units in bursts with rests between, so that visits begin and end."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(daemon=True)
        self.moves = 0
        self._shelf = shelf
        self._ending = threading.Event()

    def run(self) -> None:
        """Until `end`."""
        chance = random.Random(11)
        while not self._ending.wait(chance.uniform(1.5, 3.0)):
            for _ in range(chance.randint(1, 4)):
                plate = chance.choice(list(GOODS))
                units = self._shelf.units[plate]
                step = chance.choice([-1, -1, -2, 1]) if units > 2 else chance.choice([1, 2])
                self._shelf.units[plate] = min(units + step, 9)
                self.moves += 1
                if self._ending.wait(chance.uniform(0.2, 0.7)):
                    return

    def end(self) -> None:
        """No more moves."""
        self._ending.set()
        self.join()


class Operator(threading.Thread):
    """Sends payments and commands, and many of them again."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(daemon=True)
        self.payments: dict[tuple[str, int], bytes] = {}
        self.commands: dict[str, bytes] = {}
        self.repeats = 0
        self._cloud = cloud
        self._ending = threading.Event()

    def run(self) -> None:
        """Until `end`."""
        chance = random.Random(12)
        sent: list[tuple[str, bytes]] = []
        for number in range(1_000_000):
            if self._ending.wait(chance.uniform(0.005, 0.08)):
                return
            sent += self._news(number, chance)
            self._cloud.say(*sent[-1])
            if chance.random() < 0.5:
                self.repeats += 1
                self._cloud.say(*chance.choice(sent[-20:]))

    def _news(self, number: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        if number % 4:
            name = f"command-{number}"
            self.commands[name] = command(name, "query")
            yield "commands", self.commands[name]
            return
        name, revision = f"P{number // 8}", 1 + number // 4 % 2
        # Few for what is sold here, or every loss would be paid by somebody.
        sku = chance.choice(list(GOODS.values()))[0] if number % 200 == 4 else "sandwich"
        state = "opened" if revision == 1 else "paid"
        self.payments[name, revision] = payment(name, sku, revision=revision, state=state)
        yield "payments", self.payments[name, revision]

    def end(self) -> None:
        """Send no more."""
        self._ending.set()
        self.join()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_fifty_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with (
        Broker(tmp_path / "broker", extra="max_queued_messages 0") as broker,
        scene(tmp_path, broker) as made,
    ):
        cloud = made.cloud()
        first = made.run().ready()
        # Counting begins, and the broker knows the agent's session: now everything counts.
        first.until(lambda: bool(cloud.heard("stock")), "the shelf has been counted")
        shoppers, operator = Shoppers(made.shelf), Operator(cloud)
        shoppers.start()
        operator.start()
        first.kill()
        to_run = _kill_again_and_again(made)
        shoppers.end()
        operator.end()
        _live_until_all_is_told(made, cloud, operator)
        print(
            f"\n{KILLS} kills; from fork to running {sum(to_run) / len(to_run):.2f} s (worst"
            f" {max(to_run):.2f} s); {shoppers.moves} moves of goods,"
            f" {len(operator.payments)} payments, {len(operator.commands)} commands,"
            f" {operator.repeats} repeats; {len(cloud.heard())} messages heard"
        )
        _check_messages(cloud.heard())
        _check_replies(cloud, operator)
        _check_weights(cloud, made.shelf)
        _check_store(made.state, cloud, operator)


def _kill_again_and_again(made: Scene) -> list[float]:
    """Kill lives from their first moment to a whole visit; returns the seconds to each run."""
    chance = random.Random(13)
    ran_after_s: list[float | None] = []
    with closing(Nursery(made)) as nursery:
        for number in range(KILLS):
            # Before it has weighed; before it may tell what left meanwhile; after that.
            lives_s = chance.uniform(*((0.0, 0.8), (0.8, 2.6), (3.2, 5.5))[number % 3])
            ran_after_s.append(nursery.live(lives_s))
    return [seconds for seconds in ran_after_s if seconds is not None]


def _live_until_all_is_told(made: Scene, cloud: Cloud, operator: Operator) -> None:
    """The last life: long enough to weigh, to hear everything and to tell everything."""
    last = made.run().ready()
    with closing(Store.read_only(made.state)) as store:
        last.until(
            lambda: (
                len(_answers(cloud)) >= len(operator.commands)
                and len(store.journal.rows(kinds=["payment"])) >= len(operator.payments)
            ),
            "all payments are filed and all commands answered",
            30,
        )
        # Long enough for plates to settle, a visit to end and its grace to pass.
        time.sleep(4)
        last.until(lambda: store.outbox.depth == 0, "the outbox is empty", 30)
    status, _ = last.end()
    assert status == 0
    time.sleep(0.3)


def _check_messages(heard: Iterable[Heard]) -> None:
    """An id has always the same bytes, and the revisions of each thing are 1 to n, each once."""
    by_id: dict[str, bytes] = {}
    revisions: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for message in heard:
        event = message.event
        assert by_id.setdefault(event["id"], message.payload) == message.payload
        if message.topic in REVISED:
            name = event["data"][REVISED[message.topic]]
            revision = event["data"]["revision"]
            known = revisions[message.topic, name].setdefault(revision, event["id"])
            assert known == event["id"], f"revision {revision} of {name} was told twice"
    for thing, told in revisions.items():
        assert sorted(told) == list(range(1, len(told) + 1)), f"{thing} has gaps: {sorted(told)}"
    topics = Counter(topic for topic, _ in revisions)
    print(dict(topics))
    assert min(topics[topic] for topic in REVISED) > 2, f"too little happened: {topics}"


def _answers(cloud: Cloud) -> dict[str, set[str]]:
    """The ids of the events that answered each command."""
    found: dict[str, set[str]] = defaultdict(set)
    for message in cloud.heard("replies"):
        found[message.data["in_reply_to"]].add(message.event["id"])
    return found


def _check_replies(cloud: Cloud, operator: Operator) -> None:
    answers = _answers(cloud)
    assert set(answers) == set(operator.commands)
    assert {name: ids for name, ids in answers.items() if len(ids) != 1} == {}


def _check_weights(cloud: Cloud, shelf: Shelf) -> None:
    """All changes of a plate together are what its weight is now against what it was."""
    told: Counter[str] = Counter()
    for change in cloud.latest("changes", "change_id").values():
        told[change["plate"]] += change["delta_g"]
    off = {
        plate: round(told[plate] - grams * (shelf.units[plate] - START_UNITS), 1)
        for plate, (_, grams, _) in GOODS.items()
    }
    assert all(abs(grams) < 15 for grams in off.values()), f"grams told too much: {off}"


def _check_store(state: Path, cloud: Cloud, operator: Operator) -> None:
    with closing(sqlite3.connect(state / "agent.db")) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
    with closing(Store.read_only(state)) as store:
        rows = store.journal.rows(kinds=["payment"])
        filed = Counter(
            (r.body["payment"]["payment_id"], r.body["payment"]["revision"]) for r in rows
        )
        assert filed == Counter(dict.fromkeys(operator.payments, 1))
        assert store.outbox.depth == 0
        for topic, view in VIEWS.items():
            heard = cloud.data(topic)
            missing = [v for v in _views(store, view) if v not in heard]
            assert missing == [], f"decided and never heard on {topic}"


def _views(store: Store, kind: Any) -> list[dict[str, Any]]:
    return store.views.list(kind)
