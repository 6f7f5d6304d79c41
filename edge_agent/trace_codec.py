"""A trace of weights as few bytes: thinned, as differences, packed."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from edge_agent.errors import StoreError

FloatArray = npt.NDArray[np.float64]

# A picture is no wider than this; a change of eight seconds at 80 samples/s.
MOST_SAMPLES = 600
_TICK_S = 1e-4
_STEP_G = 0.01
_HEADER = struct.Struct("<dI")
_WIDTH = 4


def thinned(times: FloatArray, grams: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Thin samples (n,) to at most `MOST_SAMPLES`, keeping how far they reach.

    As on an oscilloscope each stretch keeps its lowest and its highest sample, in their order, so
    that a spike of one sample stays and ringing keeps its height.
    """
    if len(times) <= MOST_SAMPLES:
        return times, grams
    stretches = np.array_split(np.arange(len(times)), MOST_SAMPLES // 2)
    kept = sorted(
        {
            int(stretch[pick(grams[stretch])])
            for stretch in stretches
            for pick in (np.argmin, np.argmax)
        }
    )
    return times[kept], grams[kept]


def pack(times: FloatArray, grams: FloatArray) -> bytes:
    """Pack samples (n,), n > 0, Unix seconds and grams, without NaN: to 0.1 ms and 0.01 g."""
    ticks = np.round((times - times[0]) / _TICK_S)
    steps = np.round(grams / _STEP_G)
    columns = b"".join(_shuffled(np.diff(column, prepend=0)) for column in (ticks, steps))
    return zlib.compress(_HEADER.pack(float(times[0]), len(times)) + columns, level=6)


def unpack(samples: bytes) -> tuple[FloatArray, FloatArray]:
    """Times and grams (n,) of a packed trace; raises StoreError where it is damaged."""
    try:
        plain = zlib.decompress(samples)
        began, count = _HEADER.unpack_from(plain)
        ticks, steps = (
            np.cumsum(_unshuffled(plain, _HEADER.size + place * _WIDTH * count, count))
            for place in (0, 1)
        )
    except (zlib.error, struct.error, ValueError) as error:
        raise StoreError(
            f"The trace of this change is damaged ({error}). Its figures are in `changes list`; "
            "if it happens again, check the disk (`dmesg | tail`)."
        ) from error
    return began + ticks * _TICK_S, steps * _STEP_G


def _shuffled(differences: FloatArray) -> bytes:
    """All lowest bytes first, then all second ones: small numbers pack to half the size."""
    return differences.astype("<i4").view(np.uint8).reshape(-1, _WIDTH).T.tobytes()


def _unshuffled(plain: bytes, offset: int, count: int) -> FloatArray:
    column = np.frombuffer(plain, np.uint8, _WIDTH * count, offset)
    differences = np.ascontiguousarray(column.reshape(_WIDTH, count).T).view("<i4")
    return differences.ravel().astype(np.float64)
