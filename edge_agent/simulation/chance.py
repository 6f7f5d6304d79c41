"""Chance from one seed: an independent stream of numbers for each purpose."""

from __future__ import annotations

import zlib

import numpy as np

from edge_agent.errors import UsageError


def stream(seed: int, purpose: str) -> np.random.Generator:
    """The stream of random numbers that `seed` gives to `purpose`.

    Streams of different purposes are independent, and none depends on the order in which they
    are made, so a new effect does not disturb the others.
    """
    if seed < 0:
        raise UsageError(f"The seed is {seed}; give a whole number from 0 up.")
    sequence = np.random.SeedSequence([seed, zlib.crc32(purpose.encode())])
    return np.random.Generator(np.random.PCG64(sequence))
