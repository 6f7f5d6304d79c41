"""What a command from the cloud may do to the shelf itself: scales, cameras, the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from edge_agent.errors import UsageError


def _nothing() -> None:
    """There is nothing to do."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command will have done: checked, but not done yet.

    `answer` goes into the reply. `keep` writes, in the same transaction as the reply; `act` follows
    once that is on the disk. A kill between the two must cost nothing: what `act` changes in
    memory, a start takes from what `keep` wrote.
    """

    answer: dict[str, Any]
    keep: Callable[[], None] = _nothing
    act: Callable[[], None] = _nothing


class Equipment(Protocol):
    """The shelf's hardware; each method raises EdgeAgentError where it cannot be done."""

    def status(self, now: float) -> dict[str, Any]:
        """What the `status` message would say now."""
        ...

    def tare(self, plate: str, confirmed: bool, now: float) -> Deed:
        """Take the plate's present weight as its zero; `confirmed`: although goods stand on it."""
        ...

    def snapshot(self, camera: str | None, name: str, now: float) -> Deed:
        """Publish a picture as evidence, whose id begins with `name`."""
        ...

    def restart(self) -> Deed:
        """End the agent in order, to be started again."""
        ...


class NoEquipment:
    """Of a replay: it has a recording, and no scale, no camera and no service."""

    def status(self, now: float) -> dict[str, Any]:
        """Raises UsageError."""
        raise _not_here("status")

    def tare(self, plate: str, confirmed: bool, now: float) -> Deed:
        """Raises UsageError."""
        raise _not_here("tare")

    def snapshot(self, camera: str | None, name: str, now: float) -> Deed:
        """Raises UsageError."""
        raise _not_here("snapshot")

    def restart(self) -> Deed:
        """Raises UsageError."""
        raise _not_here("restart")


def _not_here(what: str) -> UsageError:
    return UsageError(f"This is a replay of a recording: there is no hardware for {what}.")
