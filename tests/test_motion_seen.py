"""Hands that go on moving before a plate hold a visit together, in a recording with pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_seeing import Deed, record, told


@pytest.mark.parametrize(("lingers", "visits"), [(False, 2), (True, 1)])
def test_hands_that_take_nothing_prolong_a_visit(
    tmp_path: Path, lingers: bool, visits: int
) -> None:
    deeds = [Deed(8.0, "A1", True), Deed(24.0, "A3", True)]
    if lingers:
        # A hand reaches out to what it leaves where it is.
        deeds += [Deed(13.0, "A2", False), Deed(18.5, "A2", False)]
    recording = record(tmp_path, sorted(deeds, key=lambda d: d.at), 36, GAP)
    changes = [v["changes"] for v in told(recording, "visits") if v["changes"]]
    assert len({tuple(c) for c in changes}) == visits


GAP = "[matching]\nvisit_gap_s = 8\n"
