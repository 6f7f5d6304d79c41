"""A command multiplies matrices in its own thread: others would wait for it at full speed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MULTIPLY = """
import os
from edge_agent.cli.main import main
main(["--version"])
import numpy as np
square = np.ones((400, 400), np.float32)
square @ square
print(len(os.listdir("/proc/self/task")))
"""


def threads(**more: str) -> int:
    """How many threads a process has that has run a command and multiplied."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", MULTIPLY],
        env=inherited | more,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads by /proc")
def test_a_command_multiplies_in_its_own_thread() -> None:
    assert threads() == 1


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread anyway")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads by /proc")
def test_who_asks_for_more_threads_gets_them() -> None:
    assert threads(OPENBLAS_NUM_THREADS="2") == 2
