"""`mqtt test`: which step failed, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_agent.cloud.broker_check import CheckStep, check_broker
from tests.broker import Broker, ServerTls, free_port
from tests.cloud.certificates import Authority
from tests.cloud.shelf import PREFIX, SHELF, settings


def check(port: int, password: str | None = None, **changes: Any) -> list[CheckStep]:
    return check_broker(
        settings(port, **changes),
        shelf_id=SHELF,
        topic_prefix=PREFIX,
        password=password,
        timeout_s=1.0,
    )


@pytest.mark.parametrize("protocol", [5, 3])
def test_a_good_broker_passes_every_step(broker: Broker, protocol: int) -> None:
    steps = check(broker.port, protocol=protocol)
    assert [s.step for s in steps] == [
        "resolve",
        "tcp",
        "connect",
        "subscribe",
        "publish",
        "receive",
    ]
    assert all(s.ok and not s.remedy for s in steps)


def test_a_name_that_does_not_exist_fails_at_the_name() -> None:
    (step,) = check(1883, host="no-such-host.invalid")
    assert (step.step, step.ok) == ("resolve", False)
    assert "[mqtt] host" in step.remedy


def test_a_closed_port_fails_at_tcp() -> None:
    steps = check(free_port())
    assert [s.ok for s in steps] == [True, False]
    assert "[mqtt] port" in steps[-1].remedy


def test_tls_is_looked_at_by_itself(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("broker", address="127.0.0.1")
    with Broker(tmp_path / "b", tls=ServerTls(authority.ca, certificate, key)) as broker:
        good = check(broker.port, tls=True, ca_file=authority.ca)
        assert all(s.ok for s in good)
        assert [s.step for s in good][2] == "tls"
        assert "valid until" in good[2].detail
        bad = check(broker.port, tls=True)[-1]
        assert (bad.step, bad.ok) == ("tls", False)
        assert "ca_file" in bad.remedy
        plain = check(broker.port)[-1]
        assert (plain.step, plain.ok) == ("connect", False)


def test_a_wrong_password_fails_at_connect(tmp_path: Path) -> None:
    with Broker(tmp_path, users={"shelf": "secret"}) as broker:
        last = check(broker.port, "guess", username="shelf")[-1]
        assert (last.step, last.ok) == ("connect", False)
        assert "password" in last.remedy
        assert check(broker.port, "secret", username="shelf")[-1].ok


@pytest.mark.parametrize(("protocol", "step"), [(5, "publish"), (3, "receive")])
def test_a_denial_is_found_under_both_protocols(tmp_path: Path, protocol: int, step: str) -> None:
    with Broker(tmp_path, acl=f"topic read {PREFIX}/#\n") as broker:
        last = check(broker.port, protocol=protocol)[-1]
        assert (last.step, last.ok) == (step, False)
        assert "ACL" in last.remedy
