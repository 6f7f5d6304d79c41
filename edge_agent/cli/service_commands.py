"""`edge-agent doctor`, `edge-agent service install | status`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from edge_agent.cli.console import note, print_json, say
from edge_agent.cli.options import AsJson, Config, State

service = typer.Typer(
    help="The systemd unit that keeps the agent running.",
    epilog="Example: edge-agent service status",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(epilog="Example: edge-agent doctor")(doctor)
    app.add_typer(service, name="service")


def doctor(
    seconds: Annotated[
        float, typer.Option("--seconds", min=2, max=600, help="How long to listen to the scales.")
    ] = 5.0,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Check all that a technician would.

    Each line is ok, warn or fail, with what to do; exit status 1 when anything fails. Asks the
    running agent where there is one. Each load cell is measured: rate, noise, hum, ringing, drift.
    """
    from edge_agent.doctor import examine
    from edge_agent.settings_file import find_settings, find_state

    findings = []
    for finding in examine(find_settings(config), find_state(state), note, seconds):
        findings.append(finding)
        if not as_json:
            remedy = f"  → {finding.remedy}" if finding.remedy else ""
            say(f"{finding.verdict:<5} {finding.what}: {finding.detail}{remedy}")
    failed = sum(f.verdict == "fail" for f in findings)
    if as_json:
        checks = [
            {
                "check": f.what,
                "verdict": f.verdict,
                "detail": f.detail,
                "remedy": f.remedy or None,
                **({"measured": f.measured} if f.measured is not None else {}),
            }
            for f in findings
        ]
        print_json({"ok": not failed, "checks": checks})
    else:
        warned = sum(f.verdict == "warn" for f in findings)
        say(f"{len(findings)} checks: {failed} failed, {warned} with a warning.")
    return 1 if failed else 0


@service.command(epilog="Example: sudo edge-agent service install")
def install(
    user: Annotated[
        str | None, typer.Option("--user", help="Run as this account, not a made-up one.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the unit; change nothing.")
    ] = False,
    config: Config = None,
    state: State = None,
) -> int:
    """Install the systemd unit.

    It is enabled, and started where the settings are correct; else exit status 1.
    """
    from edge_agent.cli.installing import hidden_part, install_unit, unit_text
    from edge_agent.settings_file import find_settings

    text = unit_text(user, config, state)
    if dry_run:
        say(text.rstrip())
        if hidden := hidden_part():
            note(f"warning: {hidden}")
        return 0
    return 0 if install_unit(text, find_settings(config), note) else 1


@service.command(name="status", epilog="Example: edge-agent service status")
def status_(config: Config = None, state: State = None, as_json: AsJson = False) -> int:
    """Show how the service is doing.

    What systemd says of the agent, and what the agent says of itself. Exit status 1 unless it runs.
    """
    from edge_agent.cli.installing import unit_state
    from edge_agent.cli.shop_commands import status_lines
    from edge_agent.control_client import ask
    from edge_agent.errors import AgentNotRunning
    from edge_agent.settings_file import find_state

    unit = unit_state()
    agent: dict[str, Any] | None = None
    try:
        agent = ask(find_state(state), {"ask": "status"})
    except AgentNotRunning as error:
        note(f"error: {error}")
    found = {"unit": unit, "agent": agent}
    if as_json:
        print_json(found)
    else:
        if unit is None:
            say("unit: systemd does not run on this machine")
        for line in status_lines(found):
            say(line)
    return 0 if agent is not None else 1
