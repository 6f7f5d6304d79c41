"""`edge-agent`: puts the commands together, and turns errors into one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from edge_agent import __version__
from edge_agent.cli import (
    camera_commands,
    changes_commands,
    demo,
    evidence_commands,
    field_commands,
    losses_commands,
    model_commands,
    plates_commands,
    replaying,
    report_commands,
    running,
    scan_command,
    service_commands,
    settings_commands,
    shop_commands,
    simulating,
    weighing_commands,
)
from edge_agent.errors import EdgeAgentError

INTERRUPTED = 130  # as shells count it: 128 and the number of SIGINT

app = typer.Typer(
    name="edge-agent",
    help="Loss detection for an open shelf: load cells, a camera and payments.",
    epilog="Example: edge-agent demo   shows all of it at work, without hardware.",
    no_args_is_help=True,
    # Plain help and plain errors: fast on a small board, and readable in any terminal and log.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"edge-agent {__version__}")
        raise typer.Exit


@app.callback()
def _edge_agent(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Loss detection for an open shelf: load cells, a camera and payments."""


for _module in (
    running,
    demo,
    simulating,
    replaying,
    settings_commands,
    plates_commands,
    weighing_commands,
    shop_commands,
    losses_commands,
    changes_commands,
    evidence_commands,
    report_commands,
    camera_commands,
    field_commands,
    model_commands,
    scan_command,
    service_commands,
):
    _module.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 found something wrong, 2 wrong usage.

    What went wrong stands on the first line of standard error, with what to do next.
    """
    # The products here are small: a thread of OpenBLAS a core would mostly wait, at full speed.
    # It is read when numpy is first imported, which no command is before it runs.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        status = app(args=arguments, prog_name="edge-agent", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _wrong_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except EdgeAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # Whoever read our output has left (`| head`): nothing more to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status if isinstance(status, int) else 0


def _wrong_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        print(context.get_help(), file=sys.stderr)
        return error.exit_code
    command = context.command_path if context is not None else "edge-agent"
    # A period of its own only where the message does not bring one.
    text = error.format_message().rstrip(".")
    print(f"error: {text}. Run `{command} --help` for what is allowed.", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
