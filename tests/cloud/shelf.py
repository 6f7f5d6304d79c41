"""A shelf's session under test, and what it has told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from edge_agent.cloud.session import Session
from edge_agent.cloud.session_events import Arrived, SessionEvent
from edge_agent.settings import MqttSettings
from tests.broker import wait_until

SHELF = "office-7"
PREFIX = f"shelves/{SHELF}"

Event = TypeVar("Event", bound=SessionEvent)


class Told:
    """Collects what a session tells, and waits for it."""

    def __init__(self) -> None:
        self.events: list[SessionEvent] = []

    def of(self, kind: type[Event]) -> list[Event]:
        """All events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, kind: type[Event], count: int = 1) -> list[Event]:
        """Wait until there are at least `count` events of one kind."""
        wait_until(lambda: len(self.of(kind)) >= count, f"{count} × {kind.__name__}: {self.events}")
        return self.of(kind)

    def arrived(self, which: Callable[[Arrived], bool]) -> Arrived:
        """Wait for an arrived message."""
        wait_until(lambda: any(which(a) for a in self.of(Arrived)), "a message arrived")
        return next(a for a in self.of(Arrived) if which(a))


def settings(port: int, **changes: Any) -> MqttSettings:
    """Settings for a broker of the tests."""
    return MqttSettings(**{"host": "127.0.0.1", "port": port, "tls": False, **changes})


@contextmanager
def session(
    mqtt: MqttSettings, *, password: str | None = None, last_will: bytes = b"gone"
) -> Iterator[tuple[Session, Told]]:
    """A started session and what it tells; stopped at the end."""
    told = Told()
    running = Session(
        mqtt,
        shelf_id=SHELF,
        topic_prefix=PREFIX,
        password=password,
        last_will=last_will,
        on_event=told.events.append,
        first_pause_s=0.05,
        longest_pause_s=0.2,
    )
    running.start()
    try:
        yield running, told
    finally:
        running.stop()
