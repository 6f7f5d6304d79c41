"""What the agent remembers: journal, outbox and views, one SQLite database in the state folder."""

from edge_agent.store.database import StoreFull
from edge_agent.store.journal import Journal, JournalRow
from edge_agent.store.outbox import Outbox, OutboxMessage
from edge_agent.store.store import Store
from edge_agent.store.traces import TraceRow, Traces
from edge_agent.store.views import EvidenceFile, ViewKind, Views

__all__ = [
    "EvidenceFile",
    "Journal",
    "JournalRow",
    "Outbox",
    "OutboxMessage",
    "Store",
    "StoreFull",
    "TraceRow",
    "Traces",
    "ViewKind",
    "Views",
]
