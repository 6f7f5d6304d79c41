"""Options that many commands share, so that they are spelled and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The settings. Else EDGE_AGENT_CONFIG, else /etc/edge-agent/shelf.toml.",
    ),
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FOLDER",
        help="The agent's state. Else EDGE_AGENT_STATE, else /var/lib/edge-agent.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
CameraId = Annotated[str | None, typer.Option("--camera", help="Which one; else the first.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; go on.")]
