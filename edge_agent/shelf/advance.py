"""`advance(state, fact, rules) -> outputs`: every decision of the shelf, and no I/O.

An input is filed, the shelf is reckoned anew, and what differs from what was told last is told.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.shelf.audit import audit
from edge_agent.shelf.catalogue import Catalogue
from edge_agent.shelf.facts import Fact, LevelsFact, Tick
from edge_agent.shelf.filing import file_fact
from edge_agent.shelf.horizon import forget, next_due
from edge_agent.shelf.memo import Memo
from edge_agent.shelf.posting import stock_entries
from edge_agent.shelf.reviewing import Review
from edge_agent.shelf.state import Output, Rules, ShelfState
from edge_agent.shelf.telling_stock import stock_output

# Facts of several devices come this much out of order without the clock being at fault.
CLOCK_SLACK_S = 60.0


def advance(state: ShelfState, fact: Fact, rules: Rules, memo: Memo | None = None) -> list[Output]:
    """Take one fact in, and return what is to be told because of it.

    `memo` is the same one each time for one state, or None: it saves work, and changes nothing.
    """
    if fact.at < state.now - CLOCK_SLACK_S:
        # The clock ran ahead and has been set right since: go on from the right time.
        state.now = fact.at
    state.now = max(state.now, fact.at)
    outputs = file_fact(fact, state, rules)
    review: Review | None = None
    if not isinstance(fact, LevelsFact):
        review = Review(state, rules, memo or Memo())
        outputs += review.outputs
    if audit(state, rules, review.restocked if review is not None else ()):
        outputs.append(stock_output(state, fact.at))
    decided = review.decided if review is not None else None
    outputs += stock_entries(state, decided, fact, rules)
    outputs = _with_one_stock(outputs)
    if isinstance(fact, Tick):
        forget(state, rules)
    state.due_at = next_due(state, rules)
    return outputs


def _with_one_stock(outputs: list[Output]) -> list[Output]:
    """The outputs with the last word on the stock alone, last."""
    stock = [output for output in outputs if output.topic == "stock"]
    return [output for output in outputs if output.topic != "stock"] + stock[-1:]


def first_state(catalogue: Catalogue) -> ShelfState:
    """A shelf that knows its catalogue and nothing else."""
    state = ShelfState(catalogue=catalogue)
    state.assortment.add(catalogue, 0.0)
    return state


def completed(state: ShelfState) -> ShelfState:
    """A state from a snapshot, with what an older agent did not keep."""
    if not state.assortment.editions:
        state.assortment.add(state.catalogue, 0.0)
    for change_id, change in state.changes.items():
        if not change.first_at:
            state.changes[change_id] = replace(change, first_at=change.started_at)
    return state
