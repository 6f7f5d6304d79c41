"""The certificates with which shelf and broker show who they are."""

from __future__ import annotations

import ssl

from edge_agent.errors import SettingsError
from edge_agent.settings import MqttSettings


def tls_context(mqtt: MqttSettings) -> ssl.SSLContext | None:
    """Return how to speak TLS with the broker, None without TLS.

    Raises SettingsError naming the file that cannot be used.
    """
    if not mqtt.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=mqtt.ca_file)
    except OSError as error:
        raise SettingsError(
            f"Cannot use [mqtt] ca_file {mqtt.ca_file}: {_said(error)}. "
            "It must hold the authority's certificate in PEM form."
        ) from error
    # Python 3.13 began to refuse authorities that do not name their key, as most that an operator
    # makes by hand do not: a shelf must not lose its broker by an upgrade of its system.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if mqtt.cert_file is not None:
        try:
            context.load_cert_chain(mqtt.cert_file, mqtt.key_file)
        except OSError as error:
            raise SettingsError(
                f"Cannot use [mqtt] cert_file {mqtt.cert_file} with key_file {mqtt.key_file}: "
                f"{_said(error)}. Both must be PEM, belong together and carry no passphrase."
            ) from error
    return context


def _said(error: OSError) -> str:
    return error.strerror or getattr(error, "reason", None) or str(error)
