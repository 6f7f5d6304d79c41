"""`products learn` with a person who listens and acts."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

from edge_agent.cli.main import main
from tests.cli.command_scene import Done, Shelf


def learn(shelf: Shelf, person: io.StringIO, *arguments: str) -> Done:
    """Run `products learn` with this person listening."""
    out = io.StringIO()
    options = ["--config", str(shelf.config), "--state", str(shelf.state), "--yes", "--json"]
    with redirect_stdout(out), redirect_stderr(person):
        status = main(["products", "learn", *arguments, *options])
    return Done(status, out.getvalue(), person.getvalue())
