"""`scripts/test`, `scripts/demo` and what they share, with real shells in folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [ROOT / "scripts" / name for name in ("bootstrap.sh", "test", "demo")]
SCRIPTS.append(ROOT / ".ci" / "run")

TOOLS = ["bash", "cat", "cut", "dirname", "env", "grep", "mkdir", "rm", "sha256sum"]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine's commands with no Python, no mosquitto, no libraries; nobody is root there."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (commands / tool).symlink_to(found)
    command(commands, "id", "echo 1000")
    command(commands, "ldconfig", "exit 0")
    return commands


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project of two files with our scripts, as if fresh from git."""
    folder = tmp_path / "a clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("*.py"))
    (folder / "pyproject.toml").write_text('[project]\nname = "edge-agent"\n')
    return folder


def command(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{body}\n")
    (folder / name).chmod(0o755)


def shell(script: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a bash script that sources our functions and sees only the commands in `path`."""
    lines = f". '{ROOT}/scripts/bootstrap.sh'\nPATH='{path}'\n{script}\n"
    return subprocess.run(
        [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", lines],
        cwd=cwd,
        env={"PATH": str(path), "HOME": str(cwd)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_bash_and_can_be_started(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK) or script.name == "bootstrap.sh"
    assert str(ROOT) not in script.read_text()


def test_the_first_python_that_is_new_enough_and_starts_is_taken(
    bare: Path, tmp_path: Path
) -> None:
    command(bare, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    command(bare, "python3.12", "exit 1")
    assert shell("find_python", bare, tmp_path).returncode == 1
    (bare / "python3").symlink_to(sys.executable)
    found = shell("find_python", bare, tmp_path)
    assert (found.returncode, found.stdout) == (0, "python3\n")


def test_what_is_missing_is_found_by_what_it_brings(bare: Path, tmp_path: Path) -> None:
    nothing = shell("missing_packages ''", bare, tmp_path).stdout.split()
    assert nothing == ["python3", "python3-venv", "mosquitto", "libgl1", "libglib2.0-0", "libzbar0"]
    command(bare, "python3.11", "exit 1")
    command(bare, "mosquitto", "exit 0")
    command(
        bare,
        "ldconfig",
        'for l in libGL.so.1 libgthread-2.0.so.0 libzbar.so.0; do echo " $l => /x/$l"; done',
    )
    assert shell("missing_packages python3.11", bare, tmp_path).stdout == "python3.11-venv\n"
    command(bare, "python3.11", "exit 0")
    assert shell("missing_packages python3.11", bare, tmp_path).stdout == ""


def test_neither_root_nor_sudo_is_told_with_what_to_run(bare: Path, tmp_path: Path) -> None:
    command(bare, "apt-get", "echo never >&2; exit 1")
    run = shell("install_packages mosquitto libzbar0", bare, tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith(
        "Missing: mosquitto libzbar0. Run as root: apt-get install mosquitto"
    )


def test_another_system_than_debian_is_told_what_is_missing(bare: Path, tmp_path: Path) -> None:
    run = shell("install_packages mosquitto", bare, tmp_path)
    assert run.returncode == 2
    assert "Missing: mosquitto. This is no Debian" in run.stderr


def test_a_plain_user_installs_through_sudo_that_does_not_ask(bare: Path, tmp_path: Path) -> None:
    command(bare, "sudo", 'echo "sudo $*" >> calls; shift; exec "$@"')
    command(bare, "apt-get", 'echo "apt-get $* ($DEBIAN_FRONTEND)" >> calls')
    run = shell("install_packages mosquitto", bare, tmp_path)
    assert run.returncode == 0
    assert "Installing Debian packages: mosquitto" in run.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[1] == "apt-get update -q (noninteractive)"
    assert calls[3] == "apt-get install -y -q --no-install-recommends mosquitto (noninteractive)"
    assert calls[2].startswith("sudo -n env")


def test_an_installation_that_fails_is_told_and_ends(bare: Path, tmp_path: Path) -> None:
    command(bare, "id", "echo 0")
    command(bare, "apt-get", "echo 'E: no network' >&2; exit 100")
    run = shell("install_packages mosquitto", bare, tmp_path)
    assert run.returncode == 2
    assert "E: no network" in run.stderr
    assert "Could not install mosquitto" in run.stderr


def test_packages_are_installed_again_only_when_the_project_changed(
    bare: Path, clone: Path
) -> None:
    # A Python whose `-m venv` puts itself into .venv, and whose pip says that it ran.
    command(
        bare,
        "python3",
        'case "$*" in\n'
        '"-m venv .venv") mkdir -p .venv/bin; echo "$(<"$0")" > .venv/bin/python\n'
        "  /bin/chmod +x .venv/bin/python;;\n"
        '*"pip install"*) echo "pip: ${*: -1}";;\n'
        "esac",
    )
    first = shell("install_project run", bare, clone)
    assert first.returncode == 0, first.stderr
    assert "Installing Python packages into .venv" in first.stderr
    assert "pip: ." in first.stderr.splitlines()
    assert shell("install_project run", bare, clone).stderr == ""
    assert "pip: .[dev]" in shell("install_project dev", bare, clone).stderr
    assert shell("install_project run", bare, clone).stderr == ""
    (clone / "pyproject.toml").write_text('[project]\nname = "edge-agent"\nversion = "2"\n')
    assert "pip: ." in shell("install_project run", bare, clone).stderr
    moved = clone.with_name("moved")
    clone.rename(moved)
    assert "pip: ." in shell("install_project run", bare, moved).stderr


def ready(folder: Path, script: str, body: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one of our scripts from elsewhere, in a clone whose .venv holds the given commands."""
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, text in {"python": "exit 0", "pip": "exit 0", **body}.items():
        command(commands, name, text)
    stamp = f"cd '{folder}' && . scripts/bootstrap.sh && fingerprint dev > .venv/.installed-dev"
    subprocess.run(["bash", "-c", stamp], check=True)
    return subprocess.run(
        [str(folder / "scripts" / script), "--for", "a b"],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@cache
def needs_a_ready_machine() -> None:
    missing = subprocess.run(
        ["bash", "-c", '. scripts/bootstrap.sh; missing_packages "$(find_python)"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if missing:
        pytest.skip(f"this machine lacks {', '.join(missing)}; run scripts/test")


def test_the_demo_script_hands_its_arguments_over_from_any_folder(clone: Path) -> None:
    needs_a_ready_machine()
    run = ready(clone, "demo", {"edge-agent": 'printf "%s|" "$@"; pwd'})
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"demo|--for|a b|{clone}\n"


@pytest.mark.parametrize(("lint", "tests", "status"), [(1, 0, 1), (0, 5, 5)])
def test_the_test_script_runs_the_tests_even_when_lint_fails(
    clone: Path, lint: int, tests: int, status: int
) -> None:
    needs_a_ready_machine()
    pytest_stand_in = f'[ "$2" != pytest ] || {{ echo "ran ${{*: -1}}"; exit {tests}; }}'
    run = ready(
        clone, "test", {"ruff": f"exit {lint}", "mypy": "exit 0", "python": pytest_stand_in}
    )
    assert run.returncode == status, run.stderr
    assert run.stdout.splitlines()[-1] == "ran a b"
    assert ("Failed: [ruff format --check --quiet .]" in run.stderr) == bool(lint)


def test_ci_runs_the_tests_without_anybody_to_ask(clone: Path) -> None:
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    command(clone / "scripts", "test", 'echo "$CI ${EDGE_AGENT_CONFIG-none} $#"; cat')
    (clone / ".pytest_cache").mkdir()
    run = subprocess.run(
        [str(clone / ".ci" / "run")],
        cwd="/",
        env={**os.environ, "EDGE_AGENT_CONFIG": "/somewhere"},
        input="an answer",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (0, "true none 0\n")
    assert not (clone / ".pytest_cache").exists()
