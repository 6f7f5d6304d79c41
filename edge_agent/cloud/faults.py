"""What went wrong on the way to the broker, in words, and what to do about it."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass

from paho.mqtt.reasoncodes import ReasonCode

_NETWORK: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (socket.gaierror, UnicodeError),
        "The name {host!r} cannot be resolved ({said}).",
        "Check [mqtt] host and the network's name server (`getent hosts` asks it).",
    ),
    (
        (ConnectionRefusedError,),
        "Nothing listens at {where} (connection refused).",
        "Check [mqtt] port, and that the broker runs and accepts other machines.",
    ),
    (
        (TimeoutError,),
        "No answer from {where}.",
        "A firewall may be in the way; check [mqtt] host and port.",
    ),
    (
        (ConnectionError,),
        "{where} broke the connection off ({said}).",
        "Check that the port speaks MQTT, with or without TLS as [mqtt] tls says.",
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: what was found and the next step, both as sentences."""

    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.found} {self.remedy}"


def of_network(error: Exception, host: str, port: int) -> Fault:
    """Explain an error of resolving, connecting or the TLS handshake."""
    where = f"{host}:{port}"
    if isinstance(error, ssl.SSLError):
        return _of_tls(error, where)
    if isinstance(error, OSError) and error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return Fault(f"There is no way to {where}.", "Check cable, Wi-Fi and `ip route`.")
    for kinds, found, remedy in _NETWORK:
        if isinstance(error, kinds):
            return Fault(found.format(where=where, host=host, said=_said(error)), remedy)
    return Fault(f"{where} cannot be reached ({_said(error)}).", "Check [mqtt] host and port.")


def _of_tls(error: ssl.SSLError, where: str) -> Fault:
    said = str(getattr(error, "verify_message", "")) or error.reason or _said(error)
    words = said.lower().replace("_", " ")
    if "hostname mismatch" in words or "ip address mismatch" in words:
        remedy = "Set [mqtt] host to a name that stands in the broker's certificate."
    elif "expired" in words or "not yet valid" in words:
        remedy = "Check this machine's clock (`timedatectl`); else the broker needs a new one."
    elif isinstance(error, ssl.SSLCertVerificationError):
        remedy = "Set [mqtt] ca_file to the certificate of the authority that signed it."
    elif "certificate required" in words or "handshake failure" in words:
        remedy = "The broker wants a client certificate: set [mqtt] cert_file and key_file."
    elif "wrong version number" in words or "unexpected eof" in words or "record layer" in words:
        remedy = "This port may speak no TLS: check [mqtt] port, or set tls = false."
    else:
        remedy = "Check ca_file, cert_file and key_file in [mqtt]."
    return Fault(f"TLS with {where} failed: {said}.", remedy)


def of_refusal(reason: ReasonCode, client_id: str) -> Fault:
    """Explain a CONNACK or DISCONNECT of the broker by its reason code (MQTT 5, section 2.4)."""
    words = str(reason)
    code = reason.value
    if code in (0x86, 0x87, 0x8C):
        remedy = "Check [mqtt] username and the password (EDGE_AGENT_MQTT_PASSWORD)."
    elif code == 0x8E:
        remedy = f"Another client calls itself {client_id}: is shelf_id used twice?"
    elif code == 0x84:
        remedy = "Set [mqtt] protocol = 3 for a broker that speaks only MQTT 3.1.1."
    elif code == 0x85:
        remedy = f"The broker does not take the client id {client_id}: allow it there."
    elif code == 0x95:
        remedy = "Raise the broker's message size limit, or lower the evidence's size."
    elif code in (0x9B, 0x9A):
        remedy = "Allow QoS 1 and retained messages in the broker's settings."
    else:
        remedy = "The broker's log says more."
    return Fault(f"The broker refused: {words}.", remedy)


def of_loss(reason: ReasonCode, client_id: str) -> Fault:
    """Explain a connection that was up and ended without a word of the broker."""
    # Mosquitto 2.0 drops a client without a reason when another one comes with its id.
    return Fault(
        f"The connection was lost ({reason}).",
        f"Trying again; if this repeats, see that no other client is called {client_id}.",
    )


def no_answer(seconds: float) -> Fault:
    """Explain a connection on which the broker stays silent."""
    return Fault(
        f"The broker took the connection and said nothing for {seconds:.0f} s.",
        "Check that the port speaks MQTT, with or without TLS as [mqtt] tls says.",
    )


def broken_off() -> Fault:
    """Explain a connection that ended before the broker had answered."""
    return Fault(
        "The connection ended before the broker had answered.",
        "Check that the port speaks MQTT, with or without TLS, and client certificates.",
    )


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def not_returned(topic: str, prefix: str, waited_s: float) -> Fault:
    """A message that we published ourselves did not come back."""
    return Fault(
        f"The message published to {topic} did not come back in {waited_s:g} s.",
        "The broker may have denied it without saying so (MQTT 3.1.1 cannot): allow this shelf to "
        f"read and publish {prefix}/# (its ACL).",
    )
