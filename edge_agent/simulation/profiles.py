"""How strong each effect on the shelf is, and what its plates are built of."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Profile:
    """How strong each effect is: 1 as usual, 0 absent. Sizes and their sources stand where each
    effect is made, in the modules named here.

    Of the converter (`noise`): `noise` and `flicker` are grams a sample (white, 1/f), `hum` the
    mains, `quantum` the smallest step, `spikes` and `dropouts` how often single samples are wrong
    or missing. Of the cell: `drift` of the day, `creep` after a step (`creep`), `ringing` of the
    platform (`hands`). Of its place: `crosstalk` and `shaking` on other plates, `vibration` how
    often trolleys pass, `sag` how many grams neighbours settle lower for good when a hand is at
    work, `fridge` how often a door lets warm air in (`climate`). Of hands: `touch` how hard they
    press, `doubles` and `leans` how often they take twice or lean, `quick` and `slow` how many
    hands are, `rests` how often one rests up to 15 s and takes meanwhile, `regrets` how often
    goods come back within seconds.

    What goes wrong: `freezes`, `saturation`, `outages` and `shifts` how often a channel stands
    still, reads its end, is silent for seconds to minutes or comes back at another zero
    (`channel_faults`); `cleanings` how often a plate is lifted off; `straddles` how often goods are
    laid across two plates; `litter` and `foreign` how often empty packing or foreign objects are
    left; `outliers` how many units are far from their product's weight; `new_sizes` how often a
    product comes in another size (`odd_acts`, `usual_acts`, `stockroom`).

    Of the camera, where there is one (`pictures`): `light` how much the light changes, `grain` the
    sensor's noise, `passers` how often somebody walks by, `scans` how often goods are held before
    the camera; `bumps`, `covers`, `blackouts` and `stills` how often the camera is knocked,
    covered, in the dark or frozen.
    """

    noise: float = 1.0
    flicker: float = 1.0
    hum: float = 1.0
    quantum: float = 1.0
    spikes: float = 1.0
    dropouts: float = 1.0
    drift: float = 1.0
    creep: float = 1.0
    crosstalk: float = 1.0
    shaking: float = 1.0
    ringing: float = 1.0
    touch: float = 1.0
    vibration: float = 1.0
    doubles: float = 1.0
    leans: float = 1.0
    slow: float = 1.0
    quick: float = 0.0
    rests: float = 0.0
    regrets: float = 0.0
    sag: float = 0.0
    fridge: float = 0.0
    freezes: float = 0.0
    saturation: float = 0.0
    outages: float = 0.0
    shifts: float = 0.0
    cleanings: float = 0.0
    straddles: float = 0.0
    litter: float = 0.0
    foreign: float = 0.0
    outliers: float = 0.0
    new_sizes: float = 0.0
    light: float = 1.0
    grain: float = 1.0
    passers: float = 1.0
    bumps: float = 0.0
    covers: float = 0.0
    blackouts: float = 0.0
    stills: float = 0.0
    scans: float = 0.0

    @classmethod
    def only(cls, **effects: float) -> Profile:
        """A profile of these effects and no other."""
        return cls(**({effect.name: 0.0 for effect in fields(cls)} | effects))


@dataclass(frozen=True, slots=True)
class Build:
    """What the plates are built of, as the range within which they differ.

    `noise_g` is the white noise a sample (spread evenly over its logarithm), `quantum_g` the steps
    to choose from, `platform_hz` the natural frequencies (None: most 14 to 45 Hz, one in eight 8 to
    14 Hz), `capacity_g` what a plate bears, `lightest_g` the lightest goods that it can be used
    for, and `rate_hz` the usual samples a second.
    """

    noise_g: tuple[float, float] = (0.1, 0.4)
    quantum_g: tuple[float, ...] = (0.01, 0.02, 0.03, 0.05)
    platform_hz: tuple[float, float] | None = None
    capacity_g: float = 5000.0
    lightest_g: float = 5.0
    rate_hz: float = 80.0

    @property
    def coarseness(self) -> float:
        """How many times more such a plate bears than the usual one of 5 kg.

        What is stated as a part of a cell's full scale is as many times larger in grams.
        """
        return self.capacity_g / 5000.0


PROFILES: dict[str, Profile] = {
    "default": Profile(),
    "calm": Profile(noise=0.6, spikes=0.0, dropouts=0.0, vibration=0.0, doubles=0.0, leans=0.0),
    "harsh": Profile(
        noise=3.0, flicker=2.0, hum=2.0, spikes=3.0, dropouts=3.0, drift=2.0, shaking=3.0,
        vibration=12.0, doubles=1.5, leans=4.0,
    ),
    # One hand at the shelf of the real store's recording (`aifi-benchmark-1`) swung the plates
    # beside it by up to 60 g; that is this much more than the usual shaking.
    "coarse": Profile(hum=0.0, shaking=24.0),
    "faulty": Profile(
        quick=1.0, rests=1.0, regrets=1.0, sag=1.0, fridge=1.0, freezes=1.0, saturation=1.0,
        outages=1.0, shifts=1.0, cleanings=1.0, straddles=1.0, litter=1.0, foreign=1.0,
        outliers=1.0, new_sizes=1.0, bumps=1.0, covers=1.0, blackouts=1.0, stills=1.0,
    ),
}  # fmt: skip

BUILDS: dict[str, Build] = {
    # Floor-standing 20 kg plates as stores use them. Their noise is what the design notes and the
    # real store's recording (`../shared/data/aifi-benchmark-1`) show: 0.5 to 6 g a sample.
    "coarse": Build(
        noise_g=(0.5, 6.0), quantum_g=(0.2, 0.4, 0.6, 1.0), capacity_g=20_000.0, lightest_g=40.0,
        rate_hz=12.0,
    ),
}  # fmt: skip
"""Where a profile stands for plates of another make than the usual 5 kg cell."""
