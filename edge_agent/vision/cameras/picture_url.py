"""A network camera that gives one JPEG a request, as many do beside their stream."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import unquote, urlsplit, urlunsplit

from edge_agent.errors import CameraError
from edge_agent.settings import CameraSettings
from edge_agent.vision.cameras.shots import PERIOD_S, Shot
from edge_agent.vision.frames import Frame, decode_picture

_ANSWER_S = 5.0
_LARGEST = 32_000_000


class PictureUrlSource:
    """Asks the address for a picture five times a second."""

    def __init__(self, settings: CameraSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._next_s = 0.0
        self._open, self._url = _opener(settings.source)

    def read(self) -> Shot:
        """Return the next picture."""
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + PERIOD_S
        try:
            with self._open.open(self._url, timeout=_ANSWER_S) as answer:
                encoded = answer.read(_LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise CameraError(
                f"The camera at {self._url} gives no pictures any more ({error}). Check its cable "
                "and power; it is tried again. If it stays away, run `edge-agent doctor`."
            ) from error
        image = decode_picture(encoded, f"The camera at {self._url}")
        return Shot(Frame(self._settings.id, self._clock(), image), 0.0)

    def close(self) -> None:
        """Nothing to give back: each picture is a connection of its own."""


def gives_single_pictures(address: str) -> bool:
    """Tell whether an http address answers with one picture rather than with a stream.

    False as well where it does not answer, which whoever opens the stream will say.
    """
    opener, url = _opener(address)
    try:
        with opener.open(url, timeout=_ANSWER_S) as answer:
            kind = str(answer.headers.get_content_type())
    except (OSError, http.client.HTTPException):
        return False
    return kind.startswith("image/")


def _opener(address: str) -> tuple[urllib.request.OpenerDirector, str]:
    """Return who asks, with user and password if the address has them, and the bare address."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    place = f"{host}:{parts.port}" if parts.port else host
    url = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
    known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        known.add_password(None, url, unquote(parts.username), unquote(parts.password or ""))
    return (
        urllib.request.build_opener(
            urllib.request.HTTPBasicAuthHandler(known), urllib.request.HTTPDigestAuthHandler(known)
        ),
        url,
    )
