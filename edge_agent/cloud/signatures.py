"""Who says so: compact JWS (RFC 7515) with the operator's keys, and nothing else.

joserfc reads the keys and does the algorithms. The header is read here, because what must be
refused (unknown keys, other algorithms, critical extensions) is refused before any arithmetic:
a forged message costs less than a real one.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from edge_agent.cloud.events import MAX_BYTES
from edge_agent.errors import SettingsError, SignatureError

log = logging.getLogger(__name__)

Key = RSAKey | ECKey | OKPKey

_ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
_LEAST_RSA_BITS = 2048
_MOST_HEADER_BYTES = 1024
_MOST_SIGNATURE_BYTES = 2048
_MOST_SIGNED_BYTES = MAX_BYTES * 4 // 3 + _MOST_HEADER_BYTES + _MOST_SIGNATURE_BYTES + 2


@dataclass(frozen=True, slots=True)
class Opened:
    """The CloudEvent's bytes; `kid` names the key that signed it, None: nobody did.

    `audience` is for whom it was signed (`aud` in the header); empty where it says nothing of it.
    """

    content: bytes
    kid: str | None = None
    audience: tuple[str, ...] = ()


class Verifier:
    """Opens signed messages with a set of public keys; several, so that they can rotate."""

    def __init__(self, keys: KeySet | None, required: bool) -> None:
        """`required`: refuse unsigned messages. Raises SettingsError for keys of no use."""
        self._required = required
        self._keys: dict[str, Key] = {}
        for key in keys.keys if keys is not None else ():
            usable = _usable(key)
            kid = key.kid or key.thumbprint()
            if kid in self._keys:
                raise SettingsError(f"Two payment keys are both named {kid!r} (kid); rename one.")
            self._keys[kid] = usable

    @classmethod
    def from_file(cls, path: Path, required: bool) -> Self:
        """Read a JWK set. A missing file is an error only where signatures are required.

        Raises SettingsError naming the file and the fault.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            if not required:
                log.warning("No payment keys at %s: signed messages will be rejected", path)
                return cls(None, required)
            raise SettingsError(
                f"No payment keys at {path}. Put the operator's public JWK set there, or set "
                '[payments] signature = "optional" to accept unsigned messages.'
            ) from error
        except (OSError, UnicodeError) as error:
            raise SettingsError(f"Cannot read the payment keys at {path}: {error}") from error
        try:
            return cls(read_key_set(text), required)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error

    def open(self, payload: bytes, *, may_be_unsigned: bool = False) -> Opened:
        """Return the CloudEvent inside a signed message, or an unsigned one where that may be.

        `may_be_unsigned` is for topics that need no signature (acks). A signature that is there
        is always checked. Raises SignatureError with the reason.
        """
        if payload[:1] == b"{" or payload.lstrip(b" \t\r\n")[:1] == b"{":
            if self._required and not may_be_unsigned:
                raise SignatureError(
                    'The message is not signed, and [payments] signature is "required"'
                )
            return Opened(payload)
        return self._open_signed(payload)

    def _open_signed(self, payload: bytes) -> Opened:
        if len(payload) > _MOST_SIGNED_BYTES:
            raise SignatureError(
                f"The message has {len(payload)} bytes; at most {_MOST_SIGNED_BYTES} are read"
            )
        parts = payload.split(b".", 3)
        if len(parts) != 3:
            raise SignatureError("The message is neither JSON nor a signed message (compact JWS)")
        head, body, tail = parts
        if len(head) > _MOST_HEADER_BYTES or len(tail) > _MOST_SIGNATURE_BYTES:
            raise SignatureError("The signed message's header or signature is far too long")
        header = _header(head)
        algorithm, kid, key = self._whose(header)
        audience = _audience(header)
        signature = _decoded(tail, "signature")
        # Of another length it cannot fit: no arithmetic is spent on it.
        fits = len(signature) == _signature_bytes(key)
        model = JWSRegistry.algorithms[algorithm]
        if not (fits and model.verify(head + b"." + body, signature, key)):
            raise SignatureError(
                f"The signature does not fit the message and key {kid!r}: forged or altered"
            )
        return Opened(_decoded(body, "payload"), kid, audience)

    def _whose(self, header: dict[str, Any]) -> tuple[str, str, Key]:
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
            raise SignatureError(
                f"The signature's algorithm is {_short(algorithm)}; allowed: "
                f"{', '.join(_ALGORITHMS)}"
            )
        if "crit" in header or "b64" in header:
            raise SignatureError("The signed message needs an extension that is not known (crit)")
        if not isinstance(kid, str):
            raise SignatureError("The signed message does not name its key (kid)")
        key = self._keys.get(kid)
        if key is None:
            known = ", ".join(sorted(self._keys)) or "none"
            raise SignatureError(f"The key {_short(kid)} is not known (known: {known})")
        wanted_type, _ = _ALGORITHMS[algorithm]
        if key.key_type != wanted_type or key.get("alg") not in (None, algorithm):
            raise SignatureError(f"The key {_short(kid)} is not for {algorithm}")
        return algorithm, kid, key


def read_key_set(text: str) -> KeySet:
    """Read a JWK set (RFC 7517) from JSON text; SettingsError says what is wrong with it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"not JSON ({error}); a JWK set is needed") from error
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise SettingsError('not a JWK set: an object with a list "keys" is needed')
    if not all(isinstance(key, dict) for key in value["keys"]):
        raise SettingsError('not a JWK set: each of "keys" must be an object')
    try:
        return KeySet.import_key_set({"keys": value["keys"]})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"a key of the JWK set cannot be read ({error})") from error


def make_key_set(*private_keys: Key) -> dict[str, Any]:
    """Return the public JWK set of these keys, as the shelf needs it in `keys_file`."""
    return dict(KeySet(list(private_keys)).as_dict(private=False))


def sign(payload: bytes, private_key: Key) -> str:
    """Sign a CloudEvent as a compact JWS, with the algorithm of the key's type."""
    algorithm = next(
        name for name, (kind, _) in _ALGORITHMS.items() if kind == private_key.key_type
    )
    private_key.ensure_kid()
    header = json.dumps({"alg": algorithm, "kid": private_key.kid}, separators=(",", ":"))
    signed = _encoded(header.encode("utf-8")) + b"." + _encoded(payload)
    signature = JWSRegistry.algorithms[algorithm].sign(signed, private_key)
    return (signed + b"." + _encoded(signature)).decode("ascii")


def _usable(key: Key | OctKey) -> Key:
    name = key.kid or key.thumbprint()
    if isinstance(key, OctKey):
        raise SettingsError(f"The payment key {name!r} is a shared secret; only public keys serve.")
    if key.is_private:
        raise SettingsError(
            f"The payment key {name!r} is a private key. It must not be on a shelf: replace it "
            "by its public half, and stop using it for signing."
        )
    if key.get("use") not in (None, "sig"):
        raise SettingsError(f"The payment key {name!r} is for encryption (use), not for signing.")
    if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS:
        raise SettingsError(
            f"The payment key {name!r} has {key.raw_value.key_size} bits; "
            f"at least {_LEAST_RSA_BITS} are needed."
        )
    curves = {kind: curve for kind, curve in _ALGORITHMS.values() if curve is not None}
    if isinstance(key, ECKey | OKPKey) and key.curve_name != curves[key.key_type]:
        raise SettingsError(
            f"The payment key {name!r} is on curve {key.curve_name}; "
            f"{curves[key.key_type]} is needed."
        )
    return key


def _header(segment: bytes) -> dict[str, Any]:
    try:
        header = json.loads(_decoded(segment, "header"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SignatureError):
            raise
        raise SignatureError("The signed message's header is not JSON") from error
    if not isinstance(header, dict):
        raise SignatureError("The signed message's header is not a JSON object")
    return header


def _audience(header: dict[str, Any]) -> tuple[str, ...]:
    """For whom it was signed: `aud` is one name or a list of them (RFC 7519, section 4.1.3)."""
    found = header.get("aud")
    if found is None:
        return ()
    names = found if isinstance(found, list) else [found]
    if not names or not all(isinstance(name, str) for name in names):
        raise SignatureError("The signed message's aud is neither a name nor a list of names")
    return tuple(names)


def _signature_bytes(key: Key) -> int:
    """How long a signature is: 64 bytes for EdDSA and ES256 (RFC 7518, 3.4; RFC 8037, 3.1)."""
    return (key.raw_value.key_size + 7) // 8 if isinstance(key, RSAKey) else 64


def _decoded(segment: bytes, what: str) -> bytes:
    if b"=" in segment or b"+" in segment or b"/" in segment:
        raise SignatureError(f"The signed message's {what} is not base64url")
    try:
        return base64.b64decode(segment + b"=" * (-len(segment) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(f"The signed message's {what} is not base64url") from error


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 40 else text[:40] + "…"
