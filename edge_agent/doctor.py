"""Everything a technician would check, in the order in which one would.

Each check is a generator of findings, so that they can be shown while the next ones run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edge_agent.cli.settings_commands import settings_warnings
from edge_agent.cloud.broker_check import check_broker
from edge_agent.control_client import AgentRefused, ask
from edge_agent.doctor_devices import check_camera, check_camera_through_agent
from edge_agent.doctor_finding import Finding
from edge_agent.doctor_ledgers import check_ledgers
from edge_agent.doctor_machine import (
    check_board,
    check_clock,
    check_programs,
    check_service,
    check_state_folder,
)
from edge_agent.doctor_recogniser import check_recogniser
from edge_agent.doctor_scales import LISTEN_S, check_scales, check_scales_through_agent
from edge_agent.doctor_stock import check_stock_ledger
from edge_agent.errors import AgentNotRunning, SettingsError, StoreError
from edge_agent.settings import MqttSettings, Settings
from edge_agent.settings_file import load_settings, mqtt_password, resolve
from edge_agent.store import Store
from edge_agent.store.store import DATABASE
from edge_agent.times import rfc3339

Note = Callable[[str], None]

MANY_WAITING = 1000


def examine(
    settings_path: Path, state: Path, note: Note, seconds: float = LISTEN_S
) -> Iterator[Finding]:
    """Check all of it; `note` is told what is going on before a check that takes a while.

    The scales are listened to for so many `seconds`.
    With wrong settings everything that does not depend on them is checked all the same.
    """
    settings: Settings | None = None
    try:
        settings = load_settings(settings_path)
    except SettingsError as error:
        yield Finding("fail", "settings", str(error))
    else:
        yield from _settings(settings, settings_path)
    running = _agent_status(state)
    yield _agent(running, state)
    yield from check_state_folder(state, settings)
    yield from _database(state)
    yield from check_ledgers(state)
    yield from check_stock_ledger(state)
    if settings is not None:
        yield from _devices(settings, state, running is not None, note, seconds)
        yield from check_recogniser(settings, state)
        yield from _broker(settings, settings_path, note)
    yield from check_clock()
    yield from check_service()
    yield from check_board()
    yield from check_programs(settings)


def _settings(settings: Settings, path: Path) -> Iterator[Finding]:
    yield Finding("ok", "settings", f"{path} is correct, for shelf {settings.shelf_id!r}")
    try:
        for warning in settings_warnings(settings, path):
            yield Finding("warn", "settings", warning)
    except SettingsError as error:
        yield Finding("fail", "settings", str(error))


def _agent_status(state: Path) -> dict[str, Any] | None:
    try:
        return ask(state, {"ask": "status"})
    except AgentNotRunning:
        return None
    except AgentRefused:
        # It runs, and that is what is asked here.
        return {}


def _agent(running: dict[str, Any] | None, state: Path) -> Finding:
    if running is not None:
        return Finding("ok", "agent", f"runs, and answers at {state}")
    return Finding(
        "warn",
        "agent",
        f"none answers at {state}, so the scales are tried from here",
        "Start it: sudo systemctl start edge-agent",
    )


def _database(state: Path) -> Iterator[Finding]:
    path = state / DATABASE
    if not path.exists():
        yield Finding("warn", "database", f"none at {path} yet; the agent makes it when it starts")
        return
    try:
        found = _quick_check(path)
        store = Store.read_only(state)
    except (StoreError, sqlite3.Error) as error:
        yield Finding("fail", "database", str(error))
        return
    try:
        depth, oldest, refused = (
            store.outbox.depth,
            store.outbox.oldest_at,
            store.outbox.last_failure,
        )
    finally:
        store.close()
    if found != "ok":
        remedy = "Stop the agent, keep a copy for support, then restore a backup"
        yield Finding("fail", "database", f"{path} is damaged: {found}", remedy)
        return
    yield Finding("ok", "database", f"{path} is whole")
    yield _outbox(depth, oldest, refused)


def _outbox(depth: int, oldest_at: float | None, refused: str | None) -> Finding:
    since = f", the oldest since {rfc3339(oldest_at)}" if oldest_at is not None else ""
    detail = f"{depth} messages wait for the cloud{since}"
    if refused is not None:
        return Finding(
            "warn", "outbox", f"{detail}; the broker refused one: {refused}", "edge-agent mqtt test"
        )
    if depth > MANY_WAITING:
        return Finding("warn", "outbox", detail, "edge-agent mqtt test")
    return Finding("ok", "outbox", detail)


def _quick_check(path: Path) -> str:
    connection = sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        connection.close()


def _devices(
    settings: Settings, state: Path, running: bool, note: Note, seconds: float
) -> Iterator[Finding]:
    if settings.scale:
        note(
            f"Listening to the scales for {seconds:g} s. Leave them alone, or knock on a plate "
            "once to see how it rings …"
        )
    if running:
        yield from check_scales_through_agent(settings, state, seconds)
    else:
        yield from check_scales(settings, seconds)
    for camera in settings.camera:
        note(f"Opening camera {camera.id} …")
        if running:
            yield check_camera_through_agent(camera, state)
        else:
            yield check_camera(camera)


def _broker(settings: Settings, settings_path: Path, note: Note) -> Iterator[Finding]:
    if settings.mqtt is None:
        yield Finding(
            "warn",
            "broker",
            "no [mqtt] table, so the agent works offline and payments never arrive",
            "Add [mqtt] with the operator's broker",
        )
        return
    note(f"Trying the broker at {settings.mqtt.host}:{settings.mqtt.effective_port} …")
    try:
        password = mqtt_password(settings, settings_path)
    except SettingsError as error:
        yield Finding("fail", "broker", str(error))
        return
    steps = check_broker(
        mqtt_with_whole_paths(settings.mqtt, settings_path),
        shelf_id=settings.shelf_id,
        topic_prefix=settings.topic_prefix,
        password=password,
    )
    last = steps[-1]
    if last.ok:
        yield Finding("ok", "broker", f"{settings.mqtt.host}: {len(steps)} steps, all well")
    else:
        yield Finding("fail", "broker", f"{last.step}: {last.detail}", last.remedy)


def mqtt_with_whole_paths(mqtt: MqttSettings, settings_path: Path) -> MqttSettings:
    """The same settings with its files' paths made whole: they are relative to the settings."""
    files = {
        key: resolve(value, settings_path)
        for key in ("ca_file", "cert_file", "key_file", "password_file")
        if (value := getattr(mqtt, key)) is not None
    }
    return mqtt.model_copy(update=files)
