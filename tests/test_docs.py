"""What the docs say exists, and what exists is in the docs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from typer.main import get_command

from edge_agent.cli.main import app
from edge_agent.cloud.command_arguments import COMMANDS
from edge_agent.cloud.messages import TOPICS
from edge_agent.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLE = (ROOT / "config" / "shelf.example.toml").read_text()
UP = (
    "status",
    "changes",
    "visits",
    "losses",
    "stock",
    "restock-reports",
    "payment-queries",
    "scans",
    "evidence/<evidence_id>",
    "replies",
    "rejections",
)


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the program, as its words."""
    if not hasattr(command, "commands"):
        yield words
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*words, name))


ALL_COMMANDS = sorted(commands(get_command(app)))


def setting_keys(model: type[BaseModel]) -> Iterator[str]:
    """Every key of the settings, tables within tables included."""
    for name, field in model.model_fields.items():
        yield name
        for inner in models_in(field.annotation):
            yield from setting_keys(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings models that a field's type holds."""
    if get_origin(annotation) in (Union, UnionType, tuple):
        for argument in get_args(annotation):
            yield from models_in(argument)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_every_command_stands_in_the_readme_and_shows_an_example(words: tuple[str, ...]) -> None:
    assert f"`edge-agent {' '.join(words)}" in README
    command = get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert command.epilog is not None
    assert command.epilog.startswith("Example")
    assert command.help


def test_every_command_in_the_readme_exists() -> None:
    known = {" ".join(words) for words in ALL_COMMANDS}
    named = re.findall(r"`edge-agent ([a-z]+(?: [a-z]+)?)", README)
    assert named
    for name in named:
        assert name in known or name.split()[0] in known, name


@pytest.mark.parametrize("key", sorted(set(setting_keys(Settings))))
def test_every_setting_stands_in_the_example(key: str) -> None:
    assert re.search(rf"^\s*#?\s*\[*(?:\w+\.)*{key}\]*\b", EXAMPLE, re.MULTILINE), key


@pytest.mark.parametrize("topic", [*TOPICS, *UP])
def test_every_topic_stands_in_the_readme(topic: str) -> None:
    assert f"`{topic}`" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_cloud_stands_in_the_readme(command: str) -> None:
    assert f"`{command}`" in README


def test_every_file_that_the_readme_names_is_there() -> None:
    for name in re.findall(r"`((?:config|scripts)/[\w./-]+)`?", README):
        assert (ROOT / name).exists(), name


def test_the_readmes_simulate_and_score_run_as_written(tmp_path: Path) -> None:
    for line in ("simulate --seed 1 --hours 0.1 --out day1", "score day1"):
        done = subprocess.run(
            [sys.executable, "-m", "edge_agent.cli.main", *line.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "F1" in done.stdout
