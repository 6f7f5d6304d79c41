"""What the data sheets of usual weighing converters allow for."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The three have a gain of 128 and an input range of half the supply, up and down, over that gain.
GAIN = 128
STEPS = 2**24
SUPPLY_V = 5.0


@dataclass(frozen=True, slots=True)
class Converter:
    """A converter's input noise (nV rms, gain 128, 5 V) at 10 and at 80 samples a second."""

    name: str
    noise_nv_10: float
    noise_nv_80: float

    def noise_counts(self, rate_hz: float) -> float:
        """The noise of one sample in counts: a power of the rate through the two known points.

        One count is 5 V / 128 / 2^24 = 2.33 nV.
        """
        growth = math.log(self.noise_nv_80 / self.noise_nv_10) / math.log(8)
        noise_nv = self.noise_nv_10 * math.pow(rate_hz / 10, growth)
        return noise_nv / (SUPPLY_V / GAIN / STEPS * 1e9)


# Avia Semiconductor, HX711 data sheet, key electrical characteristics: 50 nV at RATE = 0, 90 nV
# at RATE = DVDD.
HX711 = Converter("HX711", 50.0, 90.0)
# Texas Instruments SBAS350, tables 7-1 and 7-2: 17 nV and 44 nV.
ADS1232 = Converter("ADS1232", 17.0, 44.0)
# Nuvoton NAU7802 data sheet 1.7, section 3: 50 nV and 150 nV.
NAU7802 = Converter("NAU7802", 50.0, 150.0)

CONVERTERS = (HX711, ADS1232, NAU7802)


def converter_named(firmware: str) -> Converter | None:
    """The converter that a board's own name mentions, or None."""
    said = firmware.upper()
    return next((c for c in CONVERTERS if c.name in said), None)


def cell_mv_per_v(counts: float) -> float:
    """What a bridge gives, in mV a volt of its supply, for so many counts at gain 128.

    Supply and reference are the same on these boards, so that neither needs to be known.
    """
    return counts / STEPS / GAIN * 1000


def noise_free_steps(capacity_counts: float, rms: float) -> float:
    """Into how many steps a load can be told apart without flicker: 6.6 deviations a step.

    SBAS350, section 7.1, "noise-free resolution", as a number instead of bits.
    """
    return abs(capacity_counts) / (6.6 * rms)
