"""Messages nobody should believe, of every kind that somebody with the topics and no key can send.

Also what the operator's key did sign, but for another topic, another shelf, or once before.
"""

from __future__ import annotations

import base64
import hmac
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from edge_agent.cloud.events import make_event
from edge_agent.cloud.messages import SIGNED_TOPICS
from edge_agent.cloud.signatures import Key, sign

AT = 1_772_366_400.0
OTHER_SHELF = "office-8"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a kind, as it comes from the broker; `topic` without prefix."""

    kind: str
    topic: str
    payload: bytes


def new_keys(prefix: str) -> list[Key]:
    """Three private keys, one of each algorithm; the names are the operator's for all who ask."""
    return [
        OKPKey.generate_key("Ed25519", {"kid": f"{prefix}-ed"}),
        ECKey.generate_key("P-256", {"kid": f"{prefix}-ec"}),
        RSAKey.generate_key(2048, {"kid": f"{prefix}-rsa"}),
    ]


def event(kind: str, event_id: str, content: dict[str, Any], **changes: Any) -> bytes:
    """An event of the operator's cloud, with other envelope fields where `changes` has them."""
    made = json.loads(
        make_event(source="/cloud", event_id=event_id, type=kind, at=AT, data=content)
    )
    return json.dumps(made | changes, separators=(",", ":")).encode()


def payment(number: int, revision: int = 1, **changes: Any) -> bytes:
    """A payment for one unit."""
    content = {
        "payment_id": f"P{number}",
        "revision": revision,
        "state": "paid" if revision > 1 else "pending",
        "currency": "CNY",
        "paid_at": "2026-03-01T12:00:00Z",
        "lines": [{"sku": "cola", "quantity": 1, "unit_price": 350}],
        "paid": 350,
    }
    data = content | changes.pop("content", {})
    return event("shelf.payment", f"p-{number}-{revision}", data, **changes)


def command(number: int, name: str, **arguments: Any) -> bytes:
    """A command."""
    return event("shelf.command", f"c-{number}", {"command": name, "arguments": arguments})


def genuine(keys: list[Key], payments: int) -> Iterator[Sent]:
    """What the operator really sent, for a forger to have overheard; reordered, as it happens."""
    for number in range(payments):
        key = keys[number % len(keys)]
        for revision in (2, 1):
            signed = sign(payment(number, revision), key).encode()
            yield Sent("genuine", "payments", signed)
    restock = {"restock_id": "R1", "revision": 1, "state": "planned", "lines": []}
    signed = sign(event("shelf.restock", "r-1", restock), keys[0]).encode()
    yield Sent("genuine", "restocks", signed)
    for number, about in enumerate(("stock", "cases", "catalogue", "payments")):
        signed = sign(command(number, "query", about=about), keys[1]).encode()
        yield Sent("genuine", "commands", signed)


class Forger:
    """Draws forgeries of all kinds in turn; the same seed gives the same kinds and places."""

    def __init__(self, keys: list[Key], heard: list[Sent], seed: int) -> None:
        self._keys = keys
        # Keys of the forger's own that bear the operator's names.
        self._own = new_keys("op")
        self._heard = heard
        self._chance = random.Random(seed)
        self._number = 10_000
        self.kinds: dict[str, Callable[[], tuple[str, bytes]]] = {
            "not signed": self._unsigned,
            "stranger's key": self._stranger,
            "unknown key": self._unknown_key,
            "alg none": lambda: ("payments", self._by_hand({"alg": "none"}, b"")),
            "HMAC by public key": self._hmac,
            "another algorithm": self._another_algorithm,
            "altered payload": self._altered,
            "altered signature": self._bent,
            "cut off": self._cut,
            "junk": lambda: ("payments", self._chance.randbytes(self._chance.randrange(2000))),
            "deep JSON": self._deep,
            "huge numbers": self._huge,
            "wrong topic": self._wrong_topic,
            "wrong type": self._wrong_type,
            "another shelf's": self._elsewhere,
            "another currency": self._foreign,
            "repeated": self._repeated,
            "repeated, bent": self._repeated_bent,
            "ack of nobody": self._ack,
        }

    def draw(self, count: int) -> Iterator[Sent]:
        """So many forgeries, the kinds in turn."""
        names = list(self.kinds)
        for number in range(count):
            kind = names[number % len(names)]
            topic, payload = self.kinds[kind]()
            yield Sent(kind, topic, payload)

    def _new(self, **changes: Any) -> bytes:
        self._number += 1
        return payment(self._number, 2, **changes)

    def _operators(self) -> Key:
        return self._chance.choice(self._keys)

    def _unsigned(self) -> tuple[str, bytes]:
        if self._chance.random() < 0.5:
            return "commands", command(self._chance.randrange(10**9), "restart")
        return "payments", self._new()

    def _stranger(self) -> tuple[str, bytes]:
        if self._chance.random() < 0.3:
            forged = command(self._chance.randrange(10**9), "tare", plate="A1", confirm=True)
            return "commands", sign(forged, self._own[0]).encode()
        return "payments", sign(self._new(), self._chance.choice(self._own)).encode()

    def _unknown_key(self) -> tuple[str, bytes]:
        header = {"alg": "EdDSA", "kid": f"op-{self._chance.randrange(10**6)}"}
        return "payments", self._by_hand(header, self._chance.randbytes(64))

    def _hmac(self) -> tuple[str, bytes]:
        key = self._operators()
        header = {"alg": self._chance.choice(["HS256", "EdDSA", "RS256"]), "kid": key.kid}
        public = json.dumps(key.as_dict(private=False)).encode()
        signed = _part(json.dumps(header).encode()) + b"." + _part(self._new())
        return "payments", signed + b"." + _part(hmac.digest(public, signed, "sha256"))

    def _another_algorithm(self) -> tuple[str, bytes]:
        header = {"alg": self._chance.choice(["RS512", "ES512", "PS256"]), "kid": "op-rsa"}
        return "payments", self._by_hand(header, self._chance.randbytes(256))

    def _altered(self) -> tuple[str, bytes]:
        head, _, tail = self._heard_payment().split(b".")
        return "payments", b".".join((head, _part(self._new()), tail))

    def _bent(self) -> tuple[str, bytes]:
        head, body, tail = self._heard_payment().split(b".")
        signature = bytearray(base64.urlsafe_b64decode(tail + b"=="))
        signature[self._chance.randrange(len(signature))] ^= 1 << self._chance.randrange(8)
        return "payments", b".".join((head, body, _part(bytes(signature))))

    def _cut(self) -> tuple[str, bytes]:
        whole = sign(self._new(), self._operators()).encode()
        return "payments", whole[: self._chance.randrange(len(whole) - 1)]

    def _deep(self) -> tuple[str, bytes]:
        depth = self._chance.randrange(33, 30_000)
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        if self._chance.random() < 0.5:
            return "acks", deep[: 2 * depth]
        return "payments", sign(deep[:20_000], self._own[0]).encode()

    def _huge(self) -> tuple[str, bytes]:
        digits = "9" * self._chance.randrange(400, 5000)
        forged = self._new().replace(b'"revision":2', f'"revision":{digits}'.encode())
        return "payments", sign(forged, self._operators()).encode()

    def _wrong_topic(self) -> tuple[str, bytes]:
        topic = self._chance.choice([*SIGNED_TOPICS[1:], "acks", "losses", "evidence/x"])
        return topic, self._heard_payment()

    def _wrong_type(self) -> tuple[str, bytes]:
        kind = self._chance.choice(["shelf.status", "shelf.reply", "shelf.command", ""])
        return "payments", sign(self._new(type=kind), self._operators()).encode()

    def _elsewhere(self) -> tuple[str, bytes]:
        where: list[dict[str, Any]] = [
            {"subject": f"/shelves/{OTHER_SHELF}/payments"},
            {"source": f"/shelves/{OTHER_SHELF}"},
            {"content": {"shelf_id": OTHER_SHELF}},
        ]
        forged = self._new(**self._chance.choice(where))
        return "payments", sign(forged, self._operators()).encode()

    def _foreign(self) -> tuple[str, bytes]:
        forged = self._new(content={"currency": "EUR"})
        return "payments", sign(forged, self._operators()).encode()

    def _repeated(self) -> tuple[str, bytes]:
        heard = self._chance.choice(self._heard)
        return heard.topic, heard.payload

    def _repeated_bent(self) -> tuple[str, bytes]:
        """The same signed content in other bytes: what it says has been taken already."""
        number = self._chance.randrange(2, 60)
        again = payment(number % 20, 1 + number % 2)
        padded = again[:-1] + b" " * number + b"}"
        return "payments", sign(padded, self._operators()).encode()

    def _ack(self) -> tuple[str, bytes]:
        ids = [f"{self._chance.randrange(16**8):08x}-{n}-0" for n in range(20)]
        self._number += 1
        return "acks", event("shelf.ack", f"a-{self._number}", {"ids": ids})

    def _heard_payment(self) -> bytes:
        return self._chance.choice([h for h in self._heard[:40] if h.topic == "payments"]).payload

    def _by_hand(self, header: dict[str, Any], signature: bytes) -> bytes:
        head = _part(json.dumps({"kid": "op-ed", **header}).encode())
        return b".".join((head, _part(self._new()), _part(signature)))


def _part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
