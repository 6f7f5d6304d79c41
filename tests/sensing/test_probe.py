"""The ports that are offered to a technician."""

from __future__ import annotations

from pathlib import Path

from edge_agent.sensing.probe import find_scales, ports_sentence


def test_every_port_that_is_listed_exists() -> None:
    found = find_scales()
    assert all(Path(scale.device).exists() for scale in found)
    assert len({scale.port for scale in found}) == len(found)


def test_the_sentence_names_every_port_or_says_that_there_is_none() -> None:
    sentence = ports_sentence()
    ports = [scale.port for scale in find_scales()]
    assert all(port in sentence for port in ports)
    assert ports or sentence == "Found no serial port at all."
