"""The state folder: who may use it, what it says when it cannot be used, what survives a kill."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlite_utils import Database

from edge_agent.errors import StoreError, UsageError
from edge_agent.store import OutboxMessage, Store, StoreFull
from edge_agent.store.migrations import migrations
from edge_agent.store.reserve import Reserve

KILLS = 30


def _write_for_ever(folder: Path, told: int) -> None:
    """Write transactions, each told on the pipe `told` once it is committed."""
    store = Store.open(folder)
    while True:
        with store.atomic():
            seq = store.journal.append("payment", 1.0, {})
            for part in range(3):
                name = f"{seq}-{part}"
                store.outbox.put(OutboxMessage(name, "visits", b"x" * 500, "", False, 1.0))
            store.views.put("visit", "last", 1.0, {"seq": seq})
        os.write(told, b"%d\n" % seq)
        if seq % 50 == 0:
            store.journal.snapshot(seq, {"seq": seq})


def test_a_kill_loses_nothing_that_was_acknowledged_and_leaves_no_half(tmp_path: Path) -> None:
    chance = random.Random(20260301)
    total = 0
    for _ in range(KILLS):
        acknowledged = _write_until_killed(tmp_path, lines=chance.randint(1, 15))
        store = Store.open(tmp_path)
        last = store.journal.last_seq
        assert last >= acknowledged > total
        assert store.outbox.depth == 3 * last
        assert store.views.get("visit", "last") == {"seq": last}
        assert [row.seq for row in store.journal.rows()] == list(range(1, last + 1))
        store.close()
        total = last


def _write_until_killed(folder: Path, lines: int) -> int:
    reading, told = os.pipe()
    writer = get_context("fork").Process(target=_write_for_ever, args=(folder, told))
    writer.start()
    os.close(told)
    with os.fdopen(reading) as pipe:
        acknowledged = [int(pipe.readline()) for _ in range(lines)]
        writer.kill()
        # A line is cut by the kill only if it is the last one.
        acknowledged += [int(line) for line in pipe if line.endswith("\n")]
    writer.join()
    return acknowledged[-1]


def test_two_agents_cannot_share_a_folder(tmp_path: Path) -> None:
    first = Store.open(tmp_path)
    with pytest.raises(StoreError, match=rf"process {os.getpid()}.*--state"):
        Store.open(tmp_path)
    first.close()
    Store.open(tmp_path).close()


def test_the_epoch_is_made_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    epoch = store.epoch
    store.close()
    again = Store.open(tmp_path)
    assert again.epoch == epoch
    assert len(bytes.fromhex(epoch)) == 4
    again.close()
    assert Store.in_memory("recorded").epoch == "recorded"


def test_a_command_reads_beside_the_agent(tmp_path: Path) -> None:
    agent = Store.open(tmp_path)
    agent.views.put("status", "status", 1.0, {"state": "online"})
    command = Store.read_only(tmp_path)
    assert command.epoch == agent.epoch
    assert command.views.get("status", "status") == {"state": "online"}
    with agent.atomic():
        agent.outbox.put(OutboxMessage("a", "changes", b"", "", False, 3.0))
        assert command.outbox.depth == 0
    assert (command.outbox.depth, command.outbox.oldest_at) == (1, 3.0)
    with pytest.raises(StoreError):
        command.views.put("status", "status", 2.0, {})
    command.close()
    agent.close()


def test_a_command_reads_after_the_agent_has_stopped(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    command = Store.read_only(tmp_path)
    assert command.journal.load() == (None, [])
    command.close()


def test_a_command_without_state_says_to_start_the_agent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="edge-agent run"):
        Store.read_only(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--state"):
        Store.open(tmp_path / "file" / "state")


def test_a_folder_with_odd_characters_works(tmp_path: Path) -> None:
    folder = tmp_path / "a ?b#c%41"
    Store.open(folder).close()
    assert (folder / "agent.db").exists()


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "agent.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"damaged.*restore"):
        Store.open(tmp_path)


def test_damage_inside_the_database_is_found_at_the_start(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    for n in range(200):
        store.journal.append("tick", float(n), {"filling": "x" * 200})
    store.close()
    content = bytearray((tmp_path / "agent.db").read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = random.Random(1).randbytes(4096)
    (tmp_path / "agent.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged.*restore"):
        Store.open(tmp_path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    theirs = sqlite3.connect(tmp_path / "agent.db")
    theirs.execute("create table recipes (name)")
    theirs.close()
    with pytest.raises(StoreError, match="recipes"):
        Store.open(tmp_path)


def test_a_database_of_a_newer_agent_is_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    newer = sqlite3.connect(tmp_path / "agent.db")
    newer.execute(
        "insert into _sqlite_migrations (migration_set, name) values ('edge_agent', 'm999_later')"
    )
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match=r"newer.*m999_later"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match="newer"):
        Store.read_only(tmp_path)


@pytest.mark.parametrize("stop", range(1, len(migrations._migrations) + 1))
def test_a_database_of_every_version_is_brought_up_to_date(tmp_path: Path, stop: int) -> None:
    later = [migration.name for migration in migrations._migrations[stop:]]
    db = Database(tmp_path / "agent.db")
    migrations.apply(db, stop_before=later)
    epoch = next(iter(db.query("select value from meta where key = 'epoch'")))["value"]
    db.close()
    store = Store.open(tmp_path)
    assert store.epoch == epoch
    assert store.journal.append("tick", 1.0, {}) == 1
    store.close()


def test_a_full_database_says_so_and_frees_the_reserve(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    reserve = Reserve(tmp_path / "ballast.bin")
    assert reserve.is_there
    store.journal.append("tick", 0.0, {})
    pages = store._db.value("PRAGMA page_count")
    store._db.value(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(StoreFull, match=r"(?s)No room.*Freed the reserve of 4 MB"), store.atomic():
        store.journal.append("tick", 1.0, {"x": "y" * 100_000})
    assert not reserve.is_there
    assert store.journal.last_seq == 1
    assert store.refill_reserve()
    assert reserve.is_there
    store.close()


def test_a_reserve_is_not_made_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    reserve = Reserve(tmp_path / "ballast.bin", size=disk.f_bavail * disk.f_frsize)
    assert not reserve.make()
    assert reserve.free() == 0


FULL_DISK = """
import sys
from pathlib import Path
from edge_agent.store import Store, StoreFull

folder = Path(sys.argv[1])
store = Store.open(folder)
assert (folder / "ballast.bin").exists()
try:
    for n in range(10**6):
        with store.atomic():
            store.journal.append("tick", float(n), {"filling": "x" * 2000})
except StoreFull as error:
    print("full after", n)
last = store.journal.last_seq
assert last == n, (last, n)
assert not (folder / "ballast.bin").exists()
store.journal.snapshot(last - 1, {})
store.journal.snapshot(last, {})
while store.journal.prune(1e9):
    pass
with store.atomic():
    store.journal.append("tick", 0.0, {})
assert store.journal.next_seq == last + 2
store.close()
again = Store.open(folder)
assert again.journal.last_seq == last + 1
print("survived")
"""


def test_a_really_full_disk_can_be_cleaned_up(tmp_path: Path) -> None:
    script = f"mount -t tmpfs -o size=24m tmpfs '{tmp_path}' && exec \"$@\""
    command = ["unshare", "-rm", "sh", "-c", script, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system allows no mount namespace, so no small disk can be made")
    done = subprocess.run(
        [*command, sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "survived"
