"""The stored ledger of units: what a failing card or a curious hand has done to it is found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.doctor_stock import check_stock_ledger
from edge_agent.ledger import Ledger
from edge_agent.shelf.facts import LevelsFact
from edge_agent.store.stock_chain import Broken, Whole, check_chain
from edge_agent.store.store import DATABASE, Store
from tests.shelf.scene import START, payment, settings, take

DAY = 86400.0


def sell(ledger: Ledger, at: float, name: str) -> None:
    """A cola is taken and paid for."""
    for fact in (take(at, "A1", "cola"), payment(at + 10, "cola", name=name)):
        ledger.tick(fact.at)
        ledger.take(fact)
    ledger.tick(START + at + 600)


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of an agent that has opened with 6 colas and sold 3: 7 rows."""
    folder = tmp_path_factory.mktemp("sold")
    store = Store.open(folder)
    ledger = Ledger(settings(), store)
    ledger.take(LevelsFact(START - 60, {"A1": 6 * 346.0}))
    for number in range(3):
        sell(ledger, 1000.0 * number, f"P{number}")
    store.close()
    return folder


@pytest.fixture
def folder(sold: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copy(sold / DATABASE, tmp_path)
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database as somebody else opens it."""
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    yield connection
    connection.close()


def found(folder: Path) -> Whole | Broken:
    """What the check says of a state folder."""
    store = Store.read_only(folder)
    try:
        return check_chain(store.stock_ledger)
    finally:
        store.close()


def told(folder: Path) -> tuple[str, str]:
    """What the doctor says of it: its verdict and the words."""
    (finding,) = check_stock_ledger(folder)
    return finding.verdict, finding.detail


def test_a_ledger_as_it_was_written_is_whole(folder: Path) -> None:
    assert found(folder) == Whole(7, 7)
    state, detail = told(folder)
    assert state == "ok"
    assert "7 entries" in detail


@pytest.mark.parametrize(
    "change",
    [
        "units = units + 1",
        "sku = 'cole'",
        "target = 'lost'",
        "at = at + 0.001",
        "reason = 'taken '",
        "about = ''",
        "cause = 'time!'",
        "reverses = 2",
        "sku = cast(x'63ff6c61' as text)",
        "seal = zeroblob(32)",
    ],
)
def test_a_row_that_was_altered_is_named(
    folder: Path, database: sqlite3.Connection, change: str
) -> None:
    database.execute(f"update stock_entry set {change} where number = 3")
    broken = found(folder)
    assert isinstance(broken, Broken)
    assert broken.number == 3
    assert told(folder)[0] == "fail"
    assert "row 3" in told(folder)[1]


def test_a_byte_that_flipped_in_the_file_is_found(folder: Path) -> None:
    path = folder / DATABASE
    whole = path.read_bytes()
    place = whole.index(b"payment P1")
    path.write_bytes(whole[:place] + b"q" + whole[place + 1 :])
    broken = found(folder)
    assert isinstance(broken, Broken)
    assert broken.number == 5


@pytest.mark.parametrize("number", range(1, 8))
def test_a_row_that_is_missing_is_named(
    folder: Path, database: sqlite3.Connection, number: int
) -> None:
    database.execute("delete from stock_entry where number = ?", (number,))
    broken = found(folder)
    assert isinstance(broken, Broken)
    assert (broken.number, "missing" in broken.found) == (number, True)


def test_rows_that_are_missing_at_the_end_are_found(
    folder: Path, database: sqlite3.Connection
) -> None:
    database.execute("delete from stock_entry where number > 4")
    assert found(folder) == Broken(5, "rows 5 to 7 are missing at the end")


def test_all_rows_gone_are_found(folder: Path, database: sqlite3.Connection) -> None:
    database.execute("delete from stock_entry")
    assert found(folder) == Broken(1, "rows 1 to 7 are missing at the end")


def test_two_rows_that_changed_places_are_found(folder: Path, database: sqlite3.Connection) -> None:
    for before, after in ((3, 100), (5, 3), (100, 5)):
        database.execute("update stock_entry set number = ? where number = ?", (after, before))
    broken = found(folder)
    assert isinstance(broken, Broken)
    assert broken.number == 3


def test_rows_of_other_hands_are_found(folder: Path, database: sqlite3.Connection) -> None:
    database.execute(
        "insert into stock_entry select 8, at, sku, units, source, target, reason, about, cause,"
        " reverses, seal from stock_entry where number = 7"
    )
    broken = found(folder)
    assert isinstance(broken, Broken)
    assert broken.number == 8


@pytest.mark.parametrize(
    "change",
    [
        "delete from meta where key = 'stock ledger'",
        "update meta set value = '7' where key = 'stock ledger'",
    ],
)
def test_a_head_that_is_gone_or_unreadable_is_found(
    folder: Path, database: sqlite3.Connection, change: str
) -> None:
    database.execute(change)
    assert isinstance(found(folder), Broken)


def test_a_rewritten_end_does_not_fit_the_head(folder: Path, database: sqlite3.Connection) -> None:
    store = Store.read_only(folder)
    *_, (before, seal), (last, _) = store.stock_ledger.sealed_entries()
    store.close()
    assert before.number == 6
    other = replace(last, reverses=1)
    database.execute(
        "update stock_entry set reverses = 1, seal = ? where number = 7", (other.sealed(seal),)
    )
    assert found(folder) == Broken(7, "row 7 is not the one that was written last")


def test_what_is_old_is_folded_and_the_chain_goes_on(folder: Path) -> None:
    store = Store.open(folder)
    ledger = Ledger(settings(), store)
    before = store.stock_ledger.balances()
    now = START + 1500 + 400 * DAY
    ledger.tidy(now)
    assert check_chain(store.stock_ledger) == Whole(2, 7)
    sell(ledger, 5000, "P9")
    ledger.tidy(now + 10_000)
    assert check_chain(store.stock_ledger) == Whole(0, 9)
    after = store.stock_ledger.balances()
    store.close()
    assert (before["cola", "plate:A1"], after["cola", "plate:A1"]) == (3, 2)
    assert (before["cola", "sold"], after["cola", "sold"]) == (3, 4)
    assert sum(after.values()) == 0


@pytest.mark.parametrize(
    "change",
    [
        "update stock_opening set balances = replace(balances, 'A1', 'A2')",
        "update stock_opening set seal = zeroblob(32)",
        "update stock_opening set at = at + 1",
        "delete from stock_opening",
    ],
)
def test_an_opening_row_that_was_altered_is_found(
    folder: Path, database: sqlite3.Connection, change: str
) -> None:
    store = Store.open(folder)
    Ledger(settings(), store).tidy(START + 1500 + 400 * DAY)
    store.close()
    database.execute(change)
    assert isinstance(found(folder), Broken)


def test_a_database_of_an_older_agent_opens_its_ledger_with_what_is_counted(
    folder: Path, database: sqlite3.Connection
) -> None:
    for statement in (
        "delete from stock_entry",
        "delete from meta where key = 'stock ledger'",
    ):
        database.execute(statement)
    store = Store.open(folder)
    ledger = Ledger(settings(), store)
    sell(ledger, 9000, "P9")
    found_units = store.stock_ledger.balances()
    assert isinstance(check_chain(store.stock_ledger), Whole)
    store.close()
    assert (found_units["cola", "plate:A1"], found_units["cola", "sold"]) == (2, 4)


def test_the_doctor_tells_where_ledger_and_stock_part(
    folder: Path, database: sqlite3.Connection
) -> None:
    database.execute(
        "update view set payload = replace(payload, '\"quantity\":3', '\"quantity\":4')"
        " where kind = 'stock'"
    )
    state, detail = told(folder)
    assert state == "fail"
    assert "A1" in detail
