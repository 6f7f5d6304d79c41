"""What was refused, and why: answered one by one while it is little, counted when it is a storm.

Every answer is a transaction on the shelf's card and a row in its outbox. Whoever can publish on
the shelf's topics could otherwise wear the one out and fill the other, without a single key. So:

- the same bytes are answered once, however often they come;
- `BURST` answers may follow each other at once, and one more every `REFILL_S`;
- the first of its kind (topic, and what was wrong with it) is answered whatever comes beside it,
  at most `MOST_KINDS` of them in `KIND_S`;
- the rest is counted in memory, and told as one message every `SUMMARY_S` while there is some.

That is at most about 600 rows a day of at most 3 KB each. All the same each and every one of them
is refused, and what is refused changes nothing.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from hashlib import sha256

from edge_agent.errors import MessageError, SignatureError
from edge_agent.ledger import Ledger
from edge_agent.shelf.state import Output
from edge_agent.store.journal import Journal
from edge_agent.times import rfc3339

log = logging.getLogger(__name__)

# As much of a refused message as is kept for inspection.
KEPT_BYTES = 2048
BURST = 100
REFILL_S = 300.0
MOST_KINDS = 64
KIND_S = 86400.0
SUMMARY_S = 600.0
REFUSED = "refused"
# Our sentences begin with our own words; what was found stands behind one of these.
_FOUND = re.compile(r"""['"\d:;(]""")


class Rejections:
    """Answers on `rejections`, within bounds; used by the agent's loop alone."""

    def __init__(self, ledger: Ledger, journal: Journal) -> None:
        self._ledger = ledger
        self._journal = journal
        self._tokens = float(BURST)
        self._filled_at: float | None = None
        self._kinds: dict[tuple[str, str], float] = {}
        self._untold: Counter[tuple[str, str]] = Counter()
        self._untold_since = 0.0

    @property
    def untold(self) -> int:
        """How many were refused and only counted, since the last summary."""
        return self._untold.total()

    def refuse(self, topic: str, payload: bytes, at: float, error: MessageError) -> list[Output]:
        """Tell why a message was refused, or count it; returns what was told.

        Raises StoreError where it cannot be kept.
        """
        outputs = self.summarise(at)
        reason = "signature" if isinstance(error, SignatureError) else "message"
        if not self._may_tell(topic, str(error), at):
            if not self._untold:
                self._untold_since = at
            self._untold[topic, reason] += 1
            return outputs
        digest = sha256(payload).hexdigest()[:16]
        # It may have no id to know a repeat by: a retained one comes again with every connection.
        key = f"{topic}-{digest}"
        if self._journal.has_taken(REFUSED, key):
            return outputs
        rejection = Output(
            "rejections",
            "shelf.rejection",
            key,
            at,
            {
                "topic": topic,
                "reason": reason,
                "explanation": str(error),
                "sha256": digest,
                "payload": payload[:KEPT_BYTES].decode("utf-8", "backslashreplace"),
            },
        )
        self._ledger.tell(rejection, seen=(REFUSED, key))
        self._told(topic, str(error), at)
        log.warning("refused a message on %s: %s", topic, error)
        return [*outputs, rejection]

    def summarise(self, at: float) -> list[Output]:
        """Tell how many were only counted, where it is time for that; returns what was told."""
        if not self._untold or 0 <= at - self._untold_since < SUMMARY_S:
            return []
        counted = [
            {"topic": topic, "reason": reason, "count": count}
            for (topic, reason), count in self._untold.most_common()
        ]
        number = self.untold
        summary = Output(
            "rejections",
            "shelf.rejection",
            f"storm-{round(at)}",
            at,
            {
                "topic": counted[0]["topic"],
                "reason": counted[0]["reason"],
                "explanation": f"{number} more messages were refused that are not told one by one: "
                "too many came at once. Somebody who may publish on this shelf's topics sends what "
                "is not the operator's; see the broker's log and its ACL",
                "count": number,
                "since": rfc3339(self._untold_since),
                "refused": counted,
            },
        )
        self._ledger.tell(summary)
        log.warning("refused %d more messages, too many to tell one by one", number)
        self._untold.clear()
        return [summary]

    def _may_tell(self, topic: str, explanation: str, at: float) -> bool:
        since = self._filled_at
        if since is None or at < since:
            self._filled_at = at
        else:
            self._tokens = min(float(BURST), self._tokens + (at - since) / REFILL_S)
            self._filled_at = at
        return self._tokens >= 1 or self._is_first(topic, explanation, at)

    def _is_first(self, topic: str, explanation: str, at: float) -> bool:
        told_at = self._kinds.get(_kind(topic, explanation))
        if told_at is not None and 0 <= at - told_at < KIND_S:
            return False
        recent = sum(0 <= at - told < KIND_S for told in self._kinds.values())
        return recent < MOST_KINDS

    def _told(self, topic: str, explanation: str, at: float) -> None:
        self._tokens = max(0.0, self._tokens - 1)
        self._kinds.pop(_kind(topic, explanation), None)
        self._kinds[_kind(topic, explanation)] = at
        if len(self._kinds) > MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]


def _kind(topic: str, explanation: str) -> tuple[str, str]:
    return topic, _FOUND.split(explanation, maxsplit=1)[0]
