"""Who says so: real signatures pass, everything else is refused with a reason."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from edge_agent.cloud.signatures import Key, Verifier, make_key_set, read_key_set, sign
from edge_agent.errors import MessageError, SettingsError, SignatureError

EVENT = b'{"specversion":"1.0"}'

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})
ALL: list[Key] = [RSA, EC, ED]


def verifier(*keys: Key, required: bool = True) -> Verifier:
    return Verifier(read_key_set(json.dumps(make_key_set(*keys))), required)


def part(content: dict[str, Any] | bytes) -> bytes:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@pytest.mark.parametrize("key", ALL, ids=["RS256", "ES256", "EdDSA"])
def test_a_signed_message_is_opened(key: Key) -> None:
    assert verifier(*ALL).open(sign(EVENT, key).encode()).content == EVENT


def test_a_message_signed_by_another_implementation_is_opened() -> None:
    signed = jws.serialize_compact({"alg": "ES256", "kid": "ec-1", "typ": "JOSE"}, EVENT, EC)
    assert verifier(EC).open(signed.encode()).content == EVENT


def test_keys_rotate() -> None:
    old, new = ED, OKPKey.generate_key("Ed25519", {"kid": "ed-2"})
    both = verifier(old, new)
    assert {both.open(sign(EVENT, key).encode()).kid for key in (old, new)} == {"ed-1", "ed-2"}
    with pytest.raises(SignatureError, match=r"'ed-1' is not known \(known: ed-2\)"):
        verifier(new).open(sign(EVENT, old).encode())


@pytest.mark.parametrize("key", ALL, ids=["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("segment", [0, 1, 2])
def test_an_altered_message_is_refused(key: Key, segment: int) -> None:
    parts = sign(EVENT, key).encode().split(b".")
    content = bytearray(base64.urlsafe_b64decode(parts[segment] + b"=="))
    content[len(content) // 2] ^= 1
    parts[segment] = part(bytes(content))
    with pytest.raises(SignatureError):
        verifier(*ALL).open(b".".join(parts))


def test_a_key_of_the_same_name_does_not_help_a_forger() -> None:
    theirs = ECKey.generate_key("P-256", {"kid": "ec-1"})
    for required in (True, False):
        with pytest.raises(SignatureError, match="forged or altered"):
            verifier(EC, required=required).open(sign(EVENT, theirs).encode())


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "none", "kid": "ec-1"}, "algorithm is 'none'; allowed: RS256, ES256, EdDSA"),
        ({"alg": "HS256", "kid": "ec-1"}, "HS256"),
        ({"alg": "RS512", "kid": "rsa-1"}, "RS512"),
        ({"alg": ["ES256"], "kid": "ec-1"}, "algorithm"),
        ({"kid": "ec-1"}, "algorithm is None"),
        ({"alg": "ES256"}, "does not name its key"),
        ({"alg": "ES256", "kid": 7}, "does not name its key"),
        ({"alg": "ES256", "kid": "rsa-1"}, "'rsa-1' is not for ES256"),
        ({"alg": "ES256", "kid": "x" * 500}, "is not known"),
        ({"alg": "ES256", "kid": "ec-1", "crit": ["exp"], "exp": 1}, "crit"),
        ({"alg": "ES256", "kid": "ec-1", "b64": False, "crit": ["b64"]}, "crit"),
        (b"[]", "not a JSON object"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_a_header_that_asks_for_something_else_is_refused(
    header: dict[str, Any] | bytes, said: str
) -> None:
    payload = part(header) + b"." + part(EVENT) + b"." + part(b"x" * 64)
    with pytest.raises(SignatureError, match=said):
        verifier(*ALL).open(payload)


def test_a_public_key_is_no_shared_secret() -> None:
    signed = part({"alg": "HS256", "kid": "ec-1"}) + b"." + part(EVENT)
    for secret in (EC.as_pem(private=False), EC.as_der(private=False)):
        tag = hmac.digest(secret, signed, "sha256")
        with pytest.raises(SignatureError, match="HS256"):
            verifier(EC).open(signed + b"." + part(tag))


def test_an_unsigned_message_passes_only_where_it_may() -> None:
    with pytest.raises(SignatureError, match="not signed"):
        verifier(EC).open(EVENT)
    with pytest.raises(SignatureError, match="not signed"):
        verifier(EC).open(b"\n " + EVENT)
    assert verifier(EC, required=False).open(EVENT).content == EVENT
    assert verifier(EC).open(EVENT, may_be_unsigned=True).content == EVENT


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"hello",
        b"a.b",
        b"a.b.c.d",
        b"...",
        b"[1]",
        b"." * 100_000,
        b"e" * 300_000,
        part({"alg": "ES256", "kid": "ec-1"}) + b".!!." + part(b"x" * 64),
        part({"alg": "ES256", "kid": "ec-1"}) + b"=." + part(EVENT) + b"." + part(b"x" * 64),
        part({"alg": "ES256", "kid": "ec-1"}) + b"." + part(EVENT) + b".",
        part(b"[" * 700) + b".." + part(b"x"),
    ],
)
def test_what_is_neither_is_refused(payload: bytes) -> None:
    for required in (True, False):
        with pytest.raises(SignatureError):
            verifier(*ALL, required=required).open(payload)


def test_without_keys_every_signed_message_is_refused() -> None:
    with pytest.raises(SignatureError, match="known: none"):
        Verifier(None, required=False).open(sign(EVENT, EC).encode())


VERIFIER = verifier(*ALL)
SIGNED = [sign(EVENT, key).encode() for key in ALL]

headers = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["RS256", "ES256", "EdDSA", "none", "HS256"]) | st.integers(),
        "kid": st.sampled_from(["rsa-1", "ec-1", "ed-1"]) | st.text(max_size=5) | st.none(),
        "crit": st.lists(st.text(max_size=3), max_size=2),
    },
).map(part)


@given(
    st.binary(max_size=200)
    | st.builds(lambda h, p, s: b".".join((h, part(p), part(s))), headers, st.binary(), st.binary())
)
def test_garbage_is_never_more_than_a_signature_error(payload: bytes) -> None:
    with pytest.raises(SignatureError):
        VERIFIER.open(payload)


@given(st.sampled_from(SIGNED), st.data())
def test_a_signed_message_cut_or_changed_anywhere_is_refused(
    signed: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = signed[:at] + bytes([byte]) + signed[at + 1 :]
    for forged in (signed[:at], changed):
        try:
            opened = VERIFIER.open(forged)
        except MessageError:
            continue
        # The last base64 digit has bits that say nothing.
        assert opened.content == EVENT
        assert forged == signed or at == len(signed) - 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON"),
        ("[]", "not a JWK set"),
        ('{"keys": 1}', "not a JWK set"),
        ('{"keys": []}', "cannot be read"),
        ('{"keys": ["a"]}', "must be an object"),
        ('{"keys": [{"kty": "EC", "kid": "a"}]}', "cannot be read"),
        ('{"keys": [{"kty": "RSA", "kid": "a", "n": "!", "e": "AQAB"}]}', "cannot be read"),
        (json.dumps(KeySet([EC]).as_dict(private=True)), "private key"),
        (json.dumps(KeySet([OctKey.generate_key(256)]).as_dict(private=True)), "shared secret"),
        (json.dumps(make_key_set(ECKey.generate_key("P-384"))), "P-256"),
        (json.dumps(make_key_set(OKPKey.generate_key("X25519"))), "Ed25519"),
        (json.dumps(make_key_set(EC, ECKey.generate_key("P-256", {"kid": "ec-1"}))), "both named"),
        (json.dumps(make_key_set(ECKey.generate_key("P-256", {"use": "enc"}))), "encryption"),
    ],
)
def test_a_wrong_key_file_is_a_setting_to_correct(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "payment-keys.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=f"(?s)payment-keys.json.*{said}"):
        Verifier.from_file(path, required=False)


def test_a_missing_key_file_matters_where_signatures_are_required(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="public JWK set"):
        Verifier.from_file(tmp_path / "none.json", required=True)
    assert Verifier.from_file(tmp_path / "none.json", required=False).open(EVENT).content == EVENT


def test_a_key_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "payment-keys.json"
    path.write_text(json.dumps(make_key_set(*ALL)))
    assert "d" not in json.loads(path.read_text())["keys"][0]
    assert Verifier.from_file(path, required=True).open(sign(EVENT, ED).encode()).content == EVENT
