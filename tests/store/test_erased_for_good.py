"""What was deleted is nowhere in the state folder's files any more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge_agent.store import OutboxMessage, Store

PICTURE = random.Random(7).randbytes(60_000)


def traces(folder: Path) -> list[str]:
    """The files that hold any piece of the picture that is long enough to be no chance."""
    pieces = [PICTURE[at : at + 64] for at in range(0, len(PICTURE) - 64, 1000)]
    return [
        file.name
        for file in folder.iterdir()
        if file.is_file() and any(piece in file.read_bytes() for piece in pieces)
    ]


@pytest.mark.parametrize("later", [0, 50])
def test_a_picture_that_waited_to_be_sent_is_gone_from_the_card(tmp_path: Path, later: int) -> None:
    store = Store.open(tmp_path)
    message = OutboxMessage("E1", "evidence/E1", PICTURE, "image/jpeg", False, 1.0)
    with store.atomic():
        store.outbox.put(message)
    for number in range(later):
        with store.atomic():
            store.outbox.put(OutboxMessage(str(number), "status", b"x" * 900, "text", False, 2.0))
    assert traces(tmp_path)
    store.outbox.delivered(["E1"])
    store.empty_log()
    assert traces(tmp_path) == []
    store.close()
    assert traces(tmp_path) == []
