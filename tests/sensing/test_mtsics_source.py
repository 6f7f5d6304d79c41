"""MT-SICS scales: an independent emulator over TCP and a pseudo-terminal, and scales that sulk."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Iterator

import numpy as np
import pytest

from edge_agent.sensing.drivers import ScaleSource, open_scale
from edge_agent.sensing.scale import ScaleBlock, ScaleFound, ScaleLost
from tests.sensing.scale_peers import (
    IMPATIENT,
    PATIENT,
    Emulator,
    cable,
    emulator_on,
    emulator_on_tcp,
    gateway_to,
    gather,
    reading,
    scale,
)


@contextlib.contextmanager
def opened(port: str, channels: int = 1) -> Iterator[ScaleSource]:
    with contextlib.closing(open_scale(scale("mt-sics", port), channels, time.time)) as source:
        yield source


@pytest.fixture(params=["tcp", "pty"])
def emulated(request: pytest.FixtureRequest) -> Iterator[tuple[Emulator, str]]:
    """The emulator as a 4200 g Ohaus Scout, behind a socket and behind a serial line."""
    if request.param == "tcp":
        with emulator_on_tcp("ohaus-scout") as (emulator, port):
            yield emulator, port
    else:
        with cable() as line, emulator_on(line, "ohaus-scout") as emulator:
            yield emulator, line.port


def test_what_stands_on_the_scale_comes_as_grams(emulated: tuple[Emulator, str]) -> None:
    emulator, port = emulated
    emulator.scale.snap_to(346.0)
    with opened(port, 2) as source:
        times, counts = gather(source, 3)
        assert counts[:, 0].tolist() == [346.0] * len(times)
        assert np.isnan(counts[:, 1]).all()
        emulator.scale.set_target(1000.0)
        times, counts = gather(source, 2)
        while counts[-1, 0] != 1000.0:
            more, more_counts = gather(source, 1)
            times = np.concatenate([times, more])
            counts = np.concatenate([counts, more_counts])
        assert (np.diff(times) > 0).all()
        # The approach is seen, not only its end: weights that are not stable count too.
        assert ((counts[:, 0] > 346.0) & (counts[:, 0] < 1000.0)).any()


def test_the_scale_says_who_it_is(emulated: tuple[Emulator, str]) -> None:
    _, port = emulated
    with opened(port) as source:
        assert source.describe() is None
        gather(source, 1)
        assert source.describe() == "S123456789, serial number S123456789"
        health = source.health()
    assert health.understood == 3
    assert health.dropped == 0
    assert health.complaints == ()


def test_kilograms_are_turned_into_grams() -> None:
    with emulator_on_tcp("ohaus-ranger7000") as (emulator, port), opened(port) as source:
        emulator.scale.snap_to(2.345)
        _, counts = gather(source, 2)
        assert counts[-1, 0] == pytest.approx(2345.0)


def test_too_much_and_too_little_are_missing_and_said_to_be_so(
    emulated: tuple[Emulator, str],
) -> None:
    emulator, port = emulated
    with reading(scale("mt-sics", port)) as listener:
        assert listener.until(ScaleBlock).saturated == frozenset()
        for load_g in (5000.0, -500.0):
            emulator.scale.snap_to(load_g)
            block = listener.until(ScaleBlock, lambda b: bool(b.saturated))
            assert block.saturated == {0}
            assert np.isnan(block.counts).any()
        emulator.scale.snap_to(100.0)
        block = listener.until(ScaleBlock, lambda b: not b.saturated)
        assert (block.counts == 100.0).all()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_a_scale_behind_a_serial_server_is_read_with_its_own_line_settings() -> None:
    with (
        emulator_on_tcp("ohaus-scout") as (emulator, port),
        gateway_to(port) as gateway,
    ):
        emulator.scale.snap_to(346.0)
        settings = scale("mt-sics", gateway.port, baudrate=2400, framing="7E1")
        with contextlib.closing(open_scale(settings, 1, time.time)) as source:
            _, counts = gather(source, 3)
        assert counts[-1].tolist() == [346.0]
        assert (gateway.line.baudrate, gateway.line.bytesize, gateway.line.parity) == (2400, 7, "E")


class SulkyScale:
    """A pseudo-terminal whose scale answers each question with `answer`, or not at all."""

    def __init__(self, answer: bytes) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.answer = answer
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self.master, self._wake_read], [], [])
            if self._wake_read in ready:
                return
            questions = os.read(self.master, 4096)
            os.write(self.master, self.answer * questions.count(b"\r\n"))

    def close(self) -> None:
        os.write(self._wake_write, b"x")
        self._thread.join()
        for descriptor in (self.master, self.slave, self._wake_read, self._wake_write):
            os.close(descriptor)


@contextlib.contextmanager
def sulky(answer: bytes) -> Iterator[SulkyScale]:
    device = SulkyScale(answer)
    try:
        yield device
    finally:
        device.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "does not answer. Check that it is on"),
        (b"\xf8\x80\x00\xfe\r\n", "answers understood"),
        (b"ES\r\n", "refuses (ES): it does not understand the question SI"),
        (b"ET\r\n", "refuses (ET): it receives our questions broken"),
        (b"EL\r\n", "refuses (EL): it cannot do what SI asks"),
        (b"S S       12 PCS\r\n", "shows pieces (PCS), not a mass. Switch it to g or kg."),
    ],
)
def test_a_scale_that_gives_no_weight_is_told_with_what_to_do(answer: bytes, says: str) -> None:
    # Who refuses is told at once; only silence and noise have to last.
    pace = IMPATIENT if says.startswith(("does", "answers")) else PATIENT
    with sulky(answer) as device, reading(scale("mt-sics", device.port), pace=pace) as listener:
        lost = listener.until(ScaleLost)
        assert says in lost.reason
        assert device.port in lost.reason
        device.answer = b"S S  12.00 g\r\n"
        listener.until(ScaleFound)


def test_a_busy_scale_is_there_and_complained_about_but_not_lost() -> None:
    with sulky(b"S I\r\n") as device, opened(device.port) as source:
        _, counts = gather(source, 3)
        assert np.isnan(counts).all()
        assert "cannot weigh now" in source.health().complaints[0]
        device.answer = b"SI D  -1.50 g\r\n"
        while np.isnan(counts[-1, 0]):
            _, counts = gather(source, 1)
        assert counts[-1, 0] == -1.5
        assert source.health().complaints == ()


def test_a_scale_whose_network_goes_away_is_told_and_found_again() -> None:
    with contextlib.ExitStack() as stack:
        with emulator_on_tcp("ohaus-scout") as (_, port):
            listener = stack.enter_context(reading(scale("mt-sics", port)))
            listener.until(ScaleBlock)
        lost = listener.until(ScaleLost)
        stack.enter_context(emulator_on_tcp("ohaus-scout", int(port.rpartition(":")[2])))
        listener.until(ScaleFound)
        listener.until(ScaleBlock)
    assert f"The scale at {port} was lost" in lost.reason
