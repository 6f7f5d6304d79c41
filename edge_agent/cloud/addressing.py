"""Whom a message is for: one signed for another shelf of the same operator is not for this one.

The contract gives no field for it, and the keys are the same on all shelves: whoever may publish
on this shelf's topics could replay here what the operator signed for the shelf next door. So every
place where a message can name its shelf is looked at: `aud` in the JWS header (RFC 7519, section
5.3, allows claims there), the event's `subject` (CloudEvents 1.0) or `source` where it has the form
of a shelf's, `/shelves/<shelf_id>`, and `shelf_id` in its data. A message that names none is taken
for ours: there only the broker's rights (its ACL) protect, and the operator does well to name the
shelf.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge_agent.cloud.events import CloudEvent
from edge_agent.errors import MessageError

_A_SHELF = re.compile(r"/?shelves/([^/]+)")
_A_SHELF_OR_ITS_PART = re.compile(r"/?shelves/([^/]+)(?:/.*)?", re.DOTALL)


def check_addressee(shelf_id: str, audience: Sequence[str], event: CloudEvent) -> None:
    """Raise MessageError where the message names another shelf, or comes from one."""
    if audience and not any(_names(shelf_id, name) for name in audience):
        raise _elsewhere("aud", ", ".join(audience), shelf_id)
    if event.subject is not None:
        _check(shelf_id, "subject", event.subject, _A_SHELF_OR_ITS_PART)
    _check(shelf_id, "source", event.source, _A_SHELF)
    named = event.data.get("shelf_id")
    if named is not None and named != shelf_id:
        raise _elsewhere("data.shelf_id", str(named), shelf_id)


def _names(shelf_id: str, name: str) -> bool:
    return name in (shelf_id, f"shelves/{shelf_id}", f"/shelves/{shelf_id}")


def _check(shelf_id: str, field: str, found: str, form: re.Pattern[str]) -> None:
    match = form.fullmatch(found)
    if match is not None and match[1] != shelf_id:
        raise _elsewhere(field, found, shelf_id)


def _elsewhere(field: str, found: str, shelf_id: str) -> MessageError:
    return MessageError(
        f"The message is for another shelf: {field} is {found[:80]!r}, this is {shelf_id!r}"
    )
