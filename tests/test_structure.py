"""The house rules that a machine can check: pure parts, sizes, what `--help` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "edge_agent"

PURE = [
    *sorted((PACKAGE / "weighing").rglob("*.py")),
    *sorted((PACKAGE / "shelf").rglob("*.py")),
    PACKAGE / "scoring.py",
    PACKAGE / "score.py",
    PACKAGE / "reported.py",
    PACKAGE / "truth.py",
    *(
        PACKAGE / "report" / f"{name}.py"
        for name in (
            "cells",
            "tallying",
            "intervals",
            "span",
            "sheet",
            "counting",
            "reckoning",
            "figures",
        )
    ),
]

FORBIDDEN = frozenset(
    {
        "asyncio",
        "concurrent",
        "contextvars",
        "cv2",
        "fcntl",
        "glob",
        "http",
        "io",
        "joserfc",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "paho",
        "pathlib",
        "pickle",
        "queue",
        "random",
        "rich",
        "sched",
        "secrets",
        "select",
        "selectors",
        "serial",
        "shelve",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "sqlite_utils",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "termios",
        "threading",
        "time",
        "tomlkit",
        "typer",
        "urllib",
        "uuid",
    }
)
"""What reaches I/O, a clock, threads or chance."""

FORBIDDEN_CALLS = frozenset({"open", "input", "print", "exec", "eval", "__import__", "breakpoint"})
FORBIDDEN_METHODS = frozenset(
    {"now", "utcnow", "today", "default_rng", "fromfile", "tofile", "loadtxt", "savetxt", "memmap"}
)
"""Clocks of `datetime`, and numpy's own ways to chance and files."""

MOST_LINES = 260
MOST_LINES_OF_A_FUNCTION = 40

HEAVY = ["cv2", "numpy", "paho.mqtt", "sqlite_utils", "serial", "scipy", "cryptography", "joserfc"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_file(module: str) -> Path | None:
    """The file of one of our own modules; None for others."""
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported for running, and each name that could itself be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "house rule: imports are absolute"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def reached(start: Path) -> dict[str, list[Path]]:
    """Every outer module that `start` reaches, with the way through our own modules."""
    outer: dict[str, list[Path]] = {}
    ways = {start: [start]}
    waiting = [start]
    while waiting:
        file = waiting.pop()
        for module in imports(ast.parse(file.read_text(encoding="utf-8"))):
            if not module.startswith("edge_agent"):
                outer.setdefault(module.split(".")[0], ways[file])
                continue
            inner = module_file(module)
            if inner is not None and inner not in ways:
                ways[inner] = [*ways[file], inner]
                waiting.append(inner)
    return outer


def test_pure_parts_reach_no_io_clock_threads_or_chance() -> None:
    ways = {
        f"{name_of(path)} reaches {module}": " → ".join(map(name_of, way))
        for path in PURE
        for module, way in reached(path).items()
        if module in FORBIDDEN
    }
    assert not ways


def test_pure_parts_open_no_files_and_ask_no_clock() -> None:
    wrong = []
    for path in PURE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called in FORBIDDEN_CALLS or called.split(".")[-1] in FORBIDDEN_METHODS:
                wrong.append(f"{name_of(path)}, line {node.lineno}: {called}(…)")
    assert not wrong


def test_the_walk_of_imports_finds_what_it_is_for() -> None:
    outer = reached(PACKAGE / "settings_edit.py")
    assert {"os", "tomlkit", "tempfile", "pydantic"} <= set(outer)
    assert next(name_of(file) for file in outer["pydantic"]) == "edge_agent/settings_edit.py"
    assert len(PURE) > 10


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_modules_are_short() -> None:
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_functions_are_short() -> None:
    long = [
        f"{name_of(path)}: {node.name} has {lines} lines"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long


def test_no_error_is_swallowed() -> None:
    broad = [
        f"{name_of(path)}, line {node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        # To undo something and raise again is no swallowing.
        and ast.unparse(node.body[-1]) != "raise"
    ]
    assert not broad


def test_nothing_is_left_undone() -> None:
    marks = ("TODO", "FIXME", "XXX")
    assert [name_of(p) for p in SOURCES if any(m in p.read_text("utf-8") for m in marks)] == []


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from edge_agent.cli.main import main\n"
        "sys.argv = ['edge-agent', '--help']\n"
        "try:\n    status = main()\nexcept SystemExit as ended:\n    status = ended.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], status, file=sys.stderr)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "demo" in run.stdout
    assert run.stderr.splitlines()[-1].startswith("[] "), run.stderr
    assert run.stderr.split()[-1] in ("0", "None")
