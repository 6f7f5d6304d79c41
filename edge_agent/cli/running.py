"""`run`: the agent, headless, until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys

import typer

from edge_agent.cli.options import Config, State

# What glibc calls M_ARENA_MAX in malloc.h.
_ARENA_MAX = -8
_ARENAS = 2


def register(app: typer.Typer) -> None:
    """Add `run` to the program."""
    app.command(
        "run", epilog="Example: edge-agent run --config shelf.toml --state /var/lib/edge-agent"
    )(run)


def run(config: Config = None, state: State = None) -> None:
    """Run the agent until SIGTERM or Ctrl-C. Headless: it logs to standard error."""
    from edge_agent.agent import Agent
    from edge_agent.settings_file import find_settings, find_state, load_settings
    from edge_agent.systemd_notify import Notifier

    few_heaps()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=_log_format())
    settings_path = find_settings(config)
    agent = Agent(
        load_settings(settings_path),
        settings_path,
        find_state(state),
        Notifier.from_environment(os.environ),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    agent.run()


def few_heaps() -> None:
    """Let threads share two heaps: glibc gives each its own, and what one frees no other can use.

    To be called before threads are started. `MALLOC_ARENA_MAX` in the environment comes first; a C
    library without the setting has no such heaps.
    """
    import ctypes

    if "MALLOC_ARENA_MAX" in os.environ:
        return
    setting = getattr(ctypes.CDLL(None), "mallopt", None)
    if setting is not None:
        setting(_ARENA_MAX, _ARENAS)


def _log_format() -> str:
    """The journal stamps its lines itself; a terminal does not."""
    if "JOURNAL_STREAM" in os.environ:
        return "%(levelname)s %(message)s"
    return "%(asctime)s %(levelname)s %(message)s"
