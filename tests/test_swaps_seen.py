"""Goods exchanged for something of their weight, in the simulated shelf's pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.recordings import Recording
from edge_agent.replaying import replay
from edge_agent.scoring import score
from edge_agent.simulation.pictures.plan import PicturePlan
from edge_agent.simulation.recording import simulate
from edge_agent.simulation.variation import Variation


@pytest.mark.slow
def test_a_dummy_and_a_cheaper_product_in_the_place_of_dear_goods_are_swaps(
    tmp_path: Path,
) -> None:
    plan = PicturePlan(size=(1280, 720))
    variation = Variation(flavours=True, swaps=0.2, pictures=plan)
    simulate(1, 0.2, tmp_path, variation=variation)
    recording = Recording(tmp_path)
    found = score(recording.truth(), replay(recording), duration_s=recording.duration_s)
    assert (found.losses.found, found.losses.missed, found.losses.false) == (3, 0, 0)
