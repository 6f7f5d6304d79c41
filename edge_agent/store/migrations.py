"""The tables, and how each version of them becomes the next. Never edit one that was released."""

from __future__ import annotations

import secrets

from sqlite_utils import Database, Migrations

from edge_agent.errors import StoreError
from edge_agent.store.database import APPLICATION_ID, StateDatabase

migrations = Migrations("edge_agent")

_FIRST_TABLES = """
create table meta (key text primary key, value text not null) strict, without rowid;

create table journal (
    seq integer primary key, at real not null, kind text not null, body text not null
) strict;

create table snapshot (seq integer primary key, state blob not null) strict;

create table seen (
    source text not null, id text not null, at real not null, primary key (source, id)
) strict, without rowid;

create table outbox (
    seq integer primary key, event_id text not null unique, topic text not null,
    payload blob not null, content_type text not null, retain integer not null, at real not null,
    response_topic text, correlation blob, failures integer not null default 0, last_failure text
) strict;
create index outbox_retained on outbox (topic) where retain;

create table view (
    kind text not null, key text not null, at real not null, payload text not null,
    primary key (kind, key)
) strict, without rowid;
create index view_by_time on view (kind, at);

create table level (
    plate text primary key, at real not null, level_g real not null, sigma_g real not null
) strict, without rowid;

create table evidence (
    evidence_id text primary key, change_id text not null, at real not null, file text not null,
    bytes integer not null
) strict, without rowid;
create index evidence_by_time on evidence (at);
create index evidence_by_change on evidence (change_id);
"""

_TRACES = """
create table trace (
    change_id text primary key, plate text not null, at real not null, samples blob not null
) strict;
create index trace_by_time on trace (at);
"""

_LESSONS = """
create table lesson (
    at real not null, sku text not null, reason text not null, weight_g real not null,
    sd_g real not null, units integer not null, catalogue_g real not null
) strict;
create index lesson_by_sku on lesson (sku, at);
"""

_STOCK_LEDGER = """
create table stock_entry (
    number integer primary key, at real not null, sku text not null, units integer not null,
    source text not null, target text not null, reason text not null, about text not null,
    cause text not null, reverses integer not null, seal blob not null
) strict;

create table stock_opening (
    number integer primary key, at real not null, balances text not null, seal blob not null,
    before blob not null, own_seal blob not null
) strict;
"""

_HISTORY = """
create table tally (
    day integer not null, axis text not null, key text not null, measure text not null,
    events integer not null, units integer not null, value integer not null,
    units_sq integer not null, value_sq integer not null, primary key (day, axis, key, measure)
) strict, without rowid;

create table folded (
    kind text not null, key text not null, at real not null, revision integer not null,
    cells text not null, primary key (kind, key)
) strict, without rowid;
create index folded_by_time on folded (kind, at);
"""


@migrations()
def m001_first_tables(db: Database) -> None:
    """Journal, snapshots, seen messages, outbox, views, levels, evidence index; the epoch."""
    db.executescript(_FIRST_TABLES)
    db.execute("insert into meta values ('epoch', ?)", [secrets.token_hex(4)])
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


@migrations()
def m002_traces(db: Database) -> None:
    """What the weight did around each change."""
    db.executescript(_TRACES)


@migrations()
def m003_lessons(db: Database) -> None:
    """What units of the products were found to weigh, and when."""
    db.executescript(_LESSONS)


@migrations()
def m004_stock_ledger(db: Database) -> None:
    """The ledger of units: its rows, each sealed to the one before, and what old ones came to."""
    db.executescript(_STOCK_LEDGER)


@migrations()
def m005_history(db: Database) -> None:
    """Tallies of days whose details are gone, and receipts of what was added to them."""
    db.executescript(_HISTORY)


def migrate(db: StateDatabase) -> None:
    """Bring the database to this version of the tables.

    Raises StoreError where it is another program's or was made by a newer edge-agent.
    """
    _check_ours(db)
    with db.explained():
        migrations.apply(db.raw)


def check_current(db: StateDatabase) -> None:
    """Raise StoreError unless the database has exactly this version of the tables."""
    _check_ours(db)
    with db.explained():
        pending = migrations.pending(db.raw)
    if pending:
        raise StoreError(
            f"{db.path} is from an older edge-agent. Start the agent once "
            "(`systemctl restart edge-agent`), which brings it up to date."
        )


def _check_ours(db: StateDatabase) -> None:
    with db.explained():
        applied = {migration.name for migration in migrations.applied(db.raw)}
        tables = set(db.raw.table_names())
    newer = applied - {migration.name for migration in migrations._migrations}
    if newer:
        raise StoreError(
            f"{db.path} was written by a newer edge-agent (it has {', '.join(sorted(newer))}). "
            "Install that version again, or restore a backup made with this one."
        )
    if not applied and tables - {migrations.migrations_table}:
        raise StoreError(
            f"{db.path} is another program's database (tables {', '.join(sorted(tables)[:5])}). "
            "Name the agent's own folder with --state."
        )
