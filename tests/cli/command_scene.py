"""A shelf for commands: its settings, a board on a pseudo-terminal, a running agent."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from edge_agent.cli.main import main
from edge_agent.control import ask
from edge_agent.errors import EdgeAgentError
from edge_agent.simulation.board import PtyBoard
from tests.broker import wait_until

RATE_HZ = 80.0
COUNTS_PER_G = 400.0
ZERO = 84_000
SODA = "6901028075831"

SETTINGS = """\
# what the technician wrote
shelf_id = "office-7"
currency = "CNY"

[[scale]]
id = "main"
driver = "stream"
port = "PORT"

[[plate]]
id = "A1"
scale = "main"
channel = 0
zero_counts = 84000  # by hand
counts_per_g = 400.0
products = ["6901028075831"]

[[plate]]
id = "A2"
scale = "main"
channel = 1
zero_counts = 84000
counts_per_g = 400.0
products = ["water"]

[[product]]
sku = "6901028075831"
name = "Soda 330 ml"
weight_g = 346.0
price = 350

[[product]]
sku = "water"
name = "Water [still]"
weight_g = 520.0
price = 200

[payments]
signature = "optional"
"""


@dataclass(frozen=True)
class Done:
    """What a command did: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The only line of its output, as JSON."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def error(self) -> str:
        """The first line of standard error, which must be an error."""
        first = self.err.splitlines()[0]
        assert first.startswith("error: "), self.err
        assert "Traceback" not in self.err
        return first


class _Heard(io.StringIO):
    """Standard error, with a person who reads it and acts."""

    def __init__(self, when: tuple[str, Callable[[], None]] | None) -> None:
        super().__init__()
        self._when = when

    def write(self, text: str) -> int:
        if self._when is not None and self._when[0] in text:
            self._when[1]()
        return super().write(text)


@dataclass(frozen=True)
class Shelf:
    """The files of one shelf; runs commands on it."""

    config: Path
    state: Path

    def run(self, *arguments: str, when: tuple[str, Callable[[], None]] | None = None) -> Done:
        """Run one command in this process; `when` it says this on standard error, do that."""
        out, err = io.StringIO(), _Heard(when)
        options = ["--config", str(self.config), "--state", str(self.state)]
        with redirect_stdout(out), redirect_stderr(err):
            status = main([*arguments, *options])
        return Done(status, out.getvalue(), err.getvalue())


def make_shelf(folder: Path, port: str = "/dev/serial/by-id/none", extra: str = "") -> Shelf:
    """Write the settings of a shelf whose scale is at `port`."""
    config = folder / "shelf.toml"
    config.write_text(SETTINGS.replace("PORT", port) + extra)
    return Shelf(config, folder / "state")


FloatArray = npt.NDArray[np.float64]


class Board:
    """A two-channel board that sends 80 samples a second, with half a gram of noise."""

    def __init__(self) -> None:
        self._pty = PtyBoard(2, RATE_HZ)
        self.port = self._pty.port
        self.grams = [0.0, 0.0]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def counts(self, times: FloatArray, chance: np.random.Generator) -> FloatArray:
        """What the converters say at `times` (n,), seconds since the start: (n, 2)."""
        noise = chance.normal(0.0, 0.5, (len(times), 2))
        return ZERO + COUNTS_PER_G * (np.array(self.grams) + noise)

    def _talk(self) -> None:
        chance = np.random.default_rng(7)
        started, sent = time.monotonic(), 0
        while not self._ending.wait(0.05):
            due = int((time.monotonic() - started) * RATE_HZ)
            times = np.arange(sent, due) / RATE_HZ
            counts = np.clip(self.counts(times, chance), -(2**23), 2**23 - 1)
            self._pty.send(times, counts.round().astype(np.int64))
            sent = due

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join(5)
        self._pty.close()


@contextmanager
def running_agent(shelf: Shelf) -> Iterator[subprocess.Popen[bytes]]:
    """`edge-agent run` on this shelf, as a process of its own, which must end in order.

    A command would open the scale itself if the agent had died, and seem to have asked it.
    """
    command = [sys.executable, "-m", "edge_agent.cli.main", "run"]
    options = ["--config", str(shelf.config), "--state", str(shelf.state)]
    log = shelf.config.with_name("agent.log")
    with log.open("wb") as out, subprocess.Popen([*command, *options], stderr=out) as process:
        try:
            wait_until(lambda: _answers(shelf.state), f"the agent answers, see {log}")
            yield process
            ended = process.poll()
            assert ended in (None, 0), f"the agent died, see {log}"
        finally:
            process.terminate()
            process.wait(10)


def _answers(state: Path) -> bool:
    try:
        return bool(ask(state, {"ask": "status"}))
    except EdgeAgentError:
        return False


class Terminal:
    """A command on a terminal of its own, and a person before it."""

    def __init__(self, shelf: Shelf, *arguments: str) -> None:
        self._ours, theirs = os.openpty()
        command = [sys.executable, "-m", "edge_agent.cli.main", *arguments]
        options = ["--config", str(shelf.config), "--state", str(shelf.state)]
        self.process = subprocess.Popen(
            [*command, *options], stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self._shown = ""

    def wait_for(self, text: str) -> None:
        """Read until the command has shown this text; line breaks count as spaces."""
        deadline = time.monotonic() + 15.0
        while text not in " ".join(self._shown.split()):
            assert time.monotonic() < deadline, f"{text!r} not in {self._shown!r}"
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    self._shown += os.read(self._ours, 4096).decode(errors="replace")
                except OSError as error:
                    # A pseudo-terminal whose other side has ended reads as EIO.
                    raise AssertionError(f"{text!r} not in {self._shown!r}") from error

    def read_to_end(self) -> str:
        """Read until the command has ended: all that it showed."""
        while True:
            assert select.select([self._ours], [], [], 15.0)[0], f"goes on after {self._shown!r}"
            try:
                self._shown += os.read(self._ours, 4096).decode(errors="replace")
            except OSError:
                # A pseudo-terminal whose other side has ended reads as EIO.
                return self._shown

    def press_enter(self) -> None:
        """Answer a question."""
        os.write(self._ours, b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._ours)
