"""What the drivers are tried against: cables of pseudo-terminals, and scales that others wrote."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import select
import socket
import struct
import threading
import time
import tty
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import serial
import serial.rfc2217
from mtsics import profiles
from mtsics.core.simulator import SimConfig, WeightSimulator
from mtsics.core.state import ScaleState
from mtsics.protocol.engine import MTSICSEngine
from mtsics.transport.serial import SerialConfig, SerialTransport
from mtsics.transport.tcp import TCPConfig, TCPTransport
from pymodbus.exceptions import NoSuchIdException
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge_agent.sensing.outage import RetryPauses
from edge_agent.sensing.scale import (
    ScaleBlock,
    ScaleEvent,
    ScaleFound,
    ScaleLost,
    ScalePace,
    ScaleReader,
)
from edge_agent.sensing.source import Samples, ScaleSource
from edge_agent.settings import ScaleSettings

WAIT_S = 20.0
SOON = RetryPauses(first_s=0.02, longest_s=0.1, healthy_s=0.0)
# Impatience only where silence itself is the subject: a busy machine is silent now and then.
PATIENT = ScalePace(block_s=0.02, silence_s=10.0, first_sample_s=10.0, retry=SOON)
IMPATIENT = ScalePace(block_s=0.02, silence_s=0.5, first_sample_s=1.0, retry=SOON)

E = TypeVar("E", ScaleBlock, ScaleLost, ScaleFound)


def scale(driver: str, port: str, **keys: object) -> ScaleSettings:
    """Settings of a scale as the file gives them."""
    return ScaleSettings.model_validate({"id": "main", "driver": driver, "port": port, **keys})


def gather(source: ScaleSource, wanted: int, wait_s: float = WAIT_S) -> Samples:
    """Read until `wanted` samples have come."""
    times, counts = source.read()
    gives_up_at = time.monotonic() + wait_s
    while len(times) < wanted:
        assert time.monotonic() < gives_up_at, source.why_silent()
        time.sleep(min(source.pause_s, 0.01))
        more, more_counts = source.read()
        times = np.concatenate([times, more])
        counts = np.concatenate([counts, more_counts])
    return times, counts


class Listener:
    """Collects what a reader emits."""

    def __init__(self) -> None:
        self.events: queue.Queue[ScaleEvent] = queue.Queue()
        self.seen: list[ScaleEvent] = []

    def until(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        while True:
            event = self.events.get(timeout=WAIT_S)
            self.seen.append(event)
            if isinstance(event, kind) and fits(event):
                return event

    def told(self) -> list[ScaleEvent]:
        return [e for e in self.seen if not isinstance(e, ScaleBlock)]


@contextlib.contextmanager
def reading(
    settings: ScaleSettings, channels: int = 1, pace: ScalePace = PATIENT
) -> Iterator[Listener]:
    """Read a scale as the agent does."""
    listener = Listener()
    reader = ScaleReader(settings, channels, time.time, listener.events.put, pace=pace)
    reader.start()
    try:
        yield listener
    finally:
        reader.stop()
        assert not reader.is_alive()


class Ticker:
    """Calls `work(n)` every `pace_s` in a thread, at most `times` times, or until its end."""

    def __init__(self, work: Callable[[int], object], pace_s: float, times: int) -> None:
        self._work, self._pace_s, self._times = work, pace_s, times
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def _tick(self) -> None:
        with contextlib.suppress(OSError):
            for n in range(self._times):
                self._work(n)
                if self._ending.wait(self._pace_s):
                    return

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it now."""
        self._ending.set()
        self._thread.join(WAIT_S)


class Cable:
    """A null-modem cable: two pseudo-terminals, and a thread that carries bytes between them.

    `port` is the agent's end, `far_port` the device's. `echo` also sends back what the agent sends,
    as two-wire adapters do.
    """

    def __init__(self, *, echo: bool = False) -> None:
        self._ends = [os.openpty(), os.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.port, self.far_port = (os.ttyname(slave) for _, slave in self._ends)
        self._echo = echo
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        near, far = (master for master, _ in self._ends)
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([near, far, self._wake_read], [], [])
                if self._wake_read in ready:
                    return
                for end in ready:
                    data = os.read(end, 4096)
                    os.write(far if end is near else near, data)
                    if self._echo and end is near:
                        os.write(near, data)

    def send(self, data: bytes) -> None:
        """Send to the agent, as the device would."""
        os.write(self._ends[0][0], data)

    def pull(self) -> None:
        """Take the cable off."""
        if not self._ends:
            return
        os.write(self._wake_write, b"x")
        self._thread.join()
        for descriptor in (*sum(self._ends, ()), self._wake_read, self._wake_write):
            os.close(descriptor)
        self._ends = []


@contextlib.contextmanager
def cable(*, echo: bool = False) -> Iterator[Cable]:
    laid = Cable(echo=echo)
    try:
        yield laid
    finally:
        laid.pull()


class Peer:
    """An asyncio program that runs in a thread of its own while a test needs it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop)

    def hang_up(self) -> None:
        """End what runs there."""

        async def cancel_all() -> None:
            others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.call(cancel_all())

    def close(self) -> None:
        self.hang_up()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT_S)
        self.loop.close()


class Gateway:
    """A serial server on the network (RFC 2217) in front of what `device` names.

    `line` is the serial port on its other side, with the settings that its client has asked for.
    """

    def __init__(self, device: str) -> None:
        self.line = serial.serial_for_url(device, timeout=0.01)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"rfc2217://127.0.0.1:{self._server.getsockname()[1]}"
        self._peer: socket.socket | None = None
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            self._peer, _ = self._server.accept()
            # Both may be anything that behaves so, whatever the stubs say.
            line: Any = self.line
            way_back: Any = self
            manager = serial.rfc2217.PortManager(line, way_back)
            self._threads.append(threading.Thread(target=self._up, args=(manager,), daemon=True))
            self._threads[1].start()
            while data := self._peer.recv(1024):
                self.line.write(b"".join(manager.filter(data)))

    def _up(self, manager: serial.rfc2217.PortManager) -> None:
        with contextlib.suppress(OSError):
            while not self._ending.is_set():
                self.write(b"".join(manager.escape(self.line.read(1))))

    def write(self, data: bytes) -> None:
        """Send to the client; the manager's own answers come this way too."""
        assert self._peer is not None
        self._peer.sendall(data)

    def close(self) -> None:
        self._ending.set()
        self._server.close()
        if self._peer is not None:
            self._peer.close()
        for thread in self._threads:
            thread.join(WAIT_S)
        self.line.close()


@contextlib.contextmanager
def gateway_to(device: str) -> Iterator[Gateway]:
    gateway = Gateway(device)
    try:
        yield gateway
    finally:
        gateway.close()


class Emulator:
    """The MT-SICS emulator from PyPI with one of its scales; `scale` is what stands on it."""

    def __init__(self, profile: str) -> None:
        self.state = ScaleState(config=profiles.load(profile))
        self.scale = WeightSimulator(self.state, cfg=SimConfig(settle_tau=0.15, noise_sigma=0.0))
        self.engine = MTSICSEngine(self.state)


@contextlib.contextmanager
def emulator_on_tcp(profile: str, number: int = 0) -> Iterator[tuple[Emulator, str]]:
    """The emulator behind a socket; gives its port for the settings."""
    emulator, peer = Emulator(profile), Peer()
    transport = TCPTransport(emulator.engine, emulator.scale, TCPConfig("127.0.0.1", number))
    _, number = peer.call(transport.start())
    try:
        yield emulator, f"socket://127.0.0.1:{number}"
    finally:
        peer.hang_up()
        peer.call(transport.close())
        peer.close()


@contextlib.contextmanager
def emulator_on(cable: Cable, profile: str) -> Iterator[Emulator]:
    """The emulator at the far end of a cable."""
    emulator, peer = Emulator(profile), Peer()
    transport = SerialTransport(
        emulator.engine, emulator.scale, SerialConfig(port=cable.far_port, read_timeout=0.01)
    )
    peer.call(transport.open())
    peer.start(transport.serve_forever())
    try:
        yield emulator
    finally:
        peer.call(transport.close())
        peer.close()


class Transmitter:
    """A weight transmitter on pymodbus's own server: registers by address, to be changed live.

    What is not among `registers` does not exist. `asked` is who was asked for what: function,
    address, count.
    """

    def __init__(self, unit: int, registers: Mapping[int, int]) -> None:
        self.unit = unit
        self.registers = dict(registers)
        self.asked: list[tuple[int, int, int]] = []

    def hold(self, address: int, layout: str, value: float) -> None:
        """Put a number into the registers from `address` on, as `struct` lays it out."""
        raw = struct.pack(layout, value)
        for n in range(0, len(raw), 2):
            self.registers[address + n // 2] = int.from_bytes(raw[n : n + 2], "big")

    def device(self) -> SimDevice:
        async def answer(
            function: int,
            start: int,
            address: int,
            count: int,
            current: list[int],
            values: list[int] | list[bool] | None,
        ) -> None:
            self.asked.append((function, address, count))
            for n in range(count):
                current[address - start + n] = self.registers[address + n]

        blocks = [
            SimData(address, values=value, datatype=DataType.REGISTERS)
            for address, value in sorted(self.registers.items())
        ]
        return SimDevice(self.unit, blocks, action=answer)


def units_of(transmitters: Sequence[Transmitter]) -> list[SimDevice]:
    """The devices on a line; whoever else is asked is not there."""

    async def nobody(*_: object) -> None:
        raise NoSuchIdException("not on this line")

    # pymodbus 3.16 answers for a missing device as if it had failed; by number 0 it stands for all.
    everywhere = [SimData(0, count=65536, values=0, datatype=DataType.REGISTERS)]
    return [*(t.device() for t in transmitters), SimDevice(0, everywhere, action=nobody)]


@contextlib.contextmanager
def modbus_on_tcp(*units: Transmitter, rtu: bool = False) -> Iterator[str]:
    """pymodbus's server behind a socket, as Modbus TCP or as RTU through a transparent gateway."""
    peer = Peer()
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]

    async def serve() -> ModbusTcpServer:
        server = ModbusTcpServer(
            units_of(units),
            address=("127.0.0.1", number),
            framer=FramerType.RTU if rtu else FramerType.SOCKET,
            ignore_missing_devices=rtu,
        )
        await server.serve_forever(background=True)
        return server

    server = peer.call(serve())
    try:
        yield f"socket://127.0.0.1:{number}"
    finally:
        peer.call(server.shutdown())
        peer.close()


@contextlib.contextmanager
def modbus_on(cable: Cable, *units: Transmitter) -> Iterator[None]:
    """pymodbus's server at the far end of a cable: all units on one RS-485 line."""
    peer = Peer()

    async def serve() -> ModbusSerialServer:
        server = ModbusSerialServer(
            units_of(units),
            port=cable.far_port,
            baudrate=115200,
            ignore_missing_devices=True,
        )
        await server.serve_forever(background=True)
        return server

    server = peer.call(serve())
    try:
        yield
    finally:
        peer.call(server.shutdown())
        peer.close()
