"""Counts of one load cell, as an HX711 at 80 samples/s would give them, and what ails it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.weighing.diagnosis.facts import ChannelFacts

FloatArray = npt.NDArray[np.float64]

START = 1_760_000_000.0
COUNTS_PER_G = 400.0
ZERO = 84_000.0
LEVEL = ZERO + 300 * COUNTS_PER_G
FACTS = ChannelFacts(ZERO, COUNTS_PER_G, 5000.0, is_counts=True)


def clock(rate_hz: float = 80.0, seconds: float = 5.0) -> FloatArray:
    """Seconds since the start, as evenly as a converter gives them."""
    return np.arange(int(rate_hz * seconds)) / rate_hz


def board_times(since: FloatArray) -> FloatArray:
    """Unix seconds as a board tells them: whole milliseconds."""
    return START + np.round(since, 3)


def still(since: FloatArray, noise_counts: float = 40.0, seed: int = 1) -> FloatArray:
    """A plate that bears 300 g and is left alone."""
    chance = np.random.default_rng(seed)
    return np.round(LEVEL + chance.normal(0.0, noise_counts, len(since)))


def knocked(since: FloatArray, at: float, size_g: float, hz: float, damping: float) -> FloatArray:
    """What a knock adds: the free ringing of a damped platform."""
    after = np.maximum(since - at, 0.0)
    turn = 2 * np.pi * hz
    swing = np.exp(-damping * turn * after) * np.sin(turn * np.sqrt(1 - damping**2) * after)
    return np.where(since > at, size_g * COUNTS_PER_G * swing, 0.0)
