"""Erase pictures for good: their files, what the store notes of them, and what waits to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from edge_agent.errors import UsageError
from edge_agent.store.store import Store
from edge_agent.vision.evidence.keeping import file_name

_TOPIC = "evidence/"


class Pictures(Protocol):
    """The folder of pictures, as the running agent or a command holds it."""

    def files(self, before: float | None = None) -> list[str]:
        """The names of the files that are kept; all, or from before a time."""
        ...

    def erase(self, files: Iterable[str]) -> list[str]:
        """Delete files; returns those that were there."""
        ...


@dataclass(frozen=True, slots=True)
class Which:
    """Which pictures: these `ids`, those of one case, those from before a time, or all."""

    ids: tuple[str, ...] = ()
    case_id: str | None = None
    before: float | None = None
    all: bool = False

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Which:
        """Read what a command asks for; UsageError where it asks for nothing, or for two things."""
        ids, case_id, before = request.get("ids", ()), request.get("case_id"), request.get("before")
        number = isinstance(before, int | float) and not isinstance(before, bool)
        good = isinstance(ids, list | tuple) and all(isinstance(i, str) for i in ids)
        if not good or not (before is None or number):
            raise UsageError(f"No pictures can be named by {dict(request)!r}.")
        which = cls(
            tuple(ids),
            None if case_id is None else str(case_id),
            float(before) if before is not None else None,
            request.get("all") is True,
        )
        which.check()
        return which

    def check(self) -> None:
        """UsageError unless exactly one thing is asked for."""
        asked = sum((bool(self.ids), self.case_id is not None, self.before is not None, self.all))
        if asked != 1:
            raise UsageError(
                "Say which pictures: their ids, or one of --case ID, --before DATE, --all."
            )

    def request(self) -> dict[str, Any]:
        """What a command asks the running agent."""
        return {"ask": "erase_evidence", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: pictures by id, how many files, and those that the cloud has had."""

    ids: tuple[str, ...]
    files: int
    published: tuple[str, ...]

    def payload(self) -> dict[str, Any]:
        """As JSON."""
        return {"erased": list(self.ids), "files": self.files, "published": list(self.published)}


def named(store: Store, which: Which) -> list[str]:
    """The ids of the pictures that are meant and that are kept here.

    Raises UsageError where a picture or a case is not known.
    """
    waiting = store.outbox.event_ids(_TOPIC, which.before)
    if which.case_id is not None:
        case = store.views.get("case", which.case_id)
        if case is None:
            raise UsageError(
                f"No case {which.case_id!r}. `edge-agent losses list --all` shows the cases, "
                "`edge-agent evidence list` the pictures."
            )
        return [e for e in case["evidence"] if e in waiting or store.views.get_evidence(e)]
    if which.ids:
        for evidence_id in which.ids:
            if evidence_id not in waiting and store.views.get_evidence(evidence_id) is None:
                raise UsageError(
                    f"No picture {evidence_id!r} is kept here. `edge-agent evidence list` shows "
                    "those that are."
                )
        return list(which.ids)
    before = float("inf") if which.before is None else which.before
    kept = [e.evidence_id for e in store.views.evidence() if e.at < before]
    return list(dict.fromkeys([*kept, *waiting]))


def erase(store: Store, pictures: Pictures, which: Which) -> Erased:
    """Erase what is meant; raises UsageError where it is not known, StoreError where it cannot be.

    The files go first: a note of a picture that is gone does no harm.
    """
    ids = named(store, which)
    waiting = set(store.outbox.event_ids(_TOPIC))
    published = tuple(e for e in ids if e not in waiting and store.journal.has_taken("evidence", e))
    files = {file_name(e) for e in ids}
    if which.all or which.before is not None:
        # Of a file that nothing notes, its own time is all there is to go by.
        files.update(pictures.files(which.before))
    gone = pictures.erase(sorted(files))
    with store.atomic():
        store.views.delete_evidence(ids)
        store.outbox.delivered(ids)
    store.empty_log()
    return Erased(tuple(ids), len(gone), published)
