"""A story as a folder: settings, weights, messages, and how it must end."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.scenarios.goods import SETTINGS_TOML
from scripts.scenarios.plots import PLOTS, told
from scripts.scenarios.samples import weights_csv
from scripts.scenarios.story import Story

INDEX = "README.md"
ABOUT = """\
# Scenarios

Every way to pay and not to pay, the faults of the world and the troubles of restocking, each as a
recording (contract, section 4) with the end that it must have in `expected.json`. Written by
`scripts/make_scenarios.py`; `tests/test_scenarios.py` replays them, and
`tests/shelf/test_scenario_variations.py` plays each again with other times, orders of arrival and
repeats. Look at one with `edge-agent replay tests/scenarios/paid-after`.

| folder | what happens |
|---|---|
"""


def files_of(story: Story) -> dict[str, bytes]:
    """The files of a story's folder by their names."""
    messages = sorted(story.messages, key=lambda message: message.at)
    lines = [json.dumps(message.line(), ensure_ascii=False) + "\n" for message in messages]
    ending = json.dumps(story.ending, ensure_ascii=False, indent=1) + "\n"
    return {
        "shelf.toml": SETTINGS_TOML.encode(),
        "weights.csv": weights_csv(story),
        "messages.jsonl": "".join(lines).encode(),
        "expected.json": ending.encode(),
    }


def index() -> bytes:
    """The table of all scenarios."""
    rows = [f"| `{name}` | {says} |\n" for name, (says, _, _) in PLOTS.items()]
    return (ABOUT + "".join(rows)).encode()


def write(out: Path, names: list[str]) -> int:
    """Write the folders of these scenarios and the index; returns the bytes written."""
    out.mkdir(parents=True, exist_ok=True)
    (out / INDEX).write_bytes(index())
    size = 0
    for name in names:
        (out / name).mkdir(exist_ok=True)
        for file, content in files_of(told(name)).items():
            (out / name / file).write_bytes(content)
            size += len(content)
    return size
