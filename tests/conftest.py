"""Fixtures that every room's tests may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Broker

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever starts the tests in the background of a shell has Ctrl-C ignored, and so would every
    # command that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto of this test alone, on a free loopback port; anyone may do anything."""
    with Broker(tmp_path / "broker") as running:
        yield running
