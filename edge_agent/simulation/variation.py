"""How a simulated shelf differs from the usual one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from edge_agent.errors import UsageError
from edge_agent.settings import Settings
from edge_agent.simulation.flavours import with_flavours
from edge_agent.simulation.other_shop import other_shop
from edge_agent.simulation.pictures.plan import PicturePlan
from edge_agent.simulation.profiles import BUILDS, PROFILES, Build, Profile
from edge_agent.simulation.shop import demo_settings

Range = tuple[float, float]

MOST_PLATES = 256
MOST_PRODUCTS_PER_PLATE = 40
USUAL_PLATES = 12
LOWEST_HZ, HIGHEST_HZ = 1.0, 200.0
LONGEST_DOUBLE_GAP_S = 3.0


@dataclass(frozen=True, slots=True)
class Variation:
    """What is not as usual.

    `effects` replaces the strength of single effects of the profile (see `Profile`),
    `platform_hz` is the range of the plates' natural frequencies, `double_gap_s` that of the
    seconds between the picks of a hand that takes twice. `plates` with `products_per_plate` asks
    for another shop than the demonstration's, its goods drawn from the file `goods` where one is
    given. With `only_weights` there are hands, but no payments, orders or losses. `adversarial` is
    the share of visits in which somebody does not pay; with it every way to pay and not to pay is
    played, and the truth tells the visits too. With `pictures` the shelf is seen by a camera.
    `flavours` puts goods of one weight on one plate, `swaps` is the share of visits in which goods
    are exchanged for something of the same weight, and the plates `unweighed` have no scale.
    """

    effects: Mapping[str, float] = field(default_factory=dict)
    platform_hz: Range | None = None
    double_gap_s: Range | None = None
    plates: int | None = None
    products_per_plate: int | None = None
    goods: Path | None = None
    only_weights: bool = False
    adversarial: float | None = None
    pictures: PicturePlan | None = None
    flavours: bool = False
    swaps: float = 0.0
    unweighed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.adversarial is not None and not 0.0 <= self.adversarial <= 1.0:
            raise UsageError(
                f"{self.adversarial:g} of the visits adversarial; give a share from 0 to 1."
            )
        if self.adversarial is not None and self.only_weights:
            raise UsageError("Visits of weights alone have no payments: leave --adversarial away.")
        if not 0.0 <= self.swaps <= 1.0:
            raise UsageError(f"{self.swaps:g} of the visits with swaps; give a share from 0 to 1.")
        if self.swaps and self.only_weights:
            raise UsageError("Visits of weights alone have no losses: leave --swaps away.")
        if self.unweighed and self.pictures is None:
            raise UsageError("Only a camera watches a plate without a scale: give --pictures too.")

    def profile(self, name: str) -> Profile:
        """The effects of this profile as varied. Raises UsageError for what does not exist."""
        known = [effect.name for effect in fields(Profile)]
        for effect, strength in self.effects.items():
            if effect not in known:
                raise UsageError(f"There is no effect {effect!r}; choose from {', '.join(known)}.")
            if not 0.0 <= strength <= 1e6:
                raise UsageError(f"Effect {effect} = {strength:g}; give 0 (absent) or more.")
        return replace(known_profile(name), **self.effects)

    def build(self, name: str) -> Build:
        """What the plates of this profile are built of, as varied."""
        known_profile(name)
        build = BUILDS.get(name, Build())
        if self.platform_hz is None:
            return build
        _check_range("natural frequencies in Hz", self.platform_hz, LOWEST_HZ, HIGHEST_HZ)
        return replace(build, platform_hz=self.platform_hz)

    def gap_s(self, usual_s: Range) -> Range:
        """The seconds between two picks of one hand."""
        if self.double_gap_s is None:
            return usual_s
        _check_range("seconds between two picks", self.double_gap_s, 0.05, LONGEST_DOUBLE_GAP_S)
        return self.double_gap_s

    def settings(self, seed: int, name: str) -> Settings:
        """The shelf's settings: the demonstration's, or those of another shop."""
        shop = self._shop(seed, name)
        if self.flavours:
            if shop != demo_settings():
                raise UsageError("Flavours are of the demonstration's shop: give no other shop.")
            shop = with_flavours(shop)
        shop = without_scales(shop, self.unweighed)
        if self.pictures is None:
            return shop
        from edge_agent.simulation.pictures.layout import with_pictures

        return with_pictures(shop, self.pictures.size, self.pictures.camera)

    def _shop(self, seed: int, name: str) -> Settings:
        build = self.build(name)
        is_demo = self.plates is None and self.products_per_plate is None and self.goods is None
        if is_demo and build == self._usual_make(build):
            return demo_settings()
        plates = USUAL_PLATES if self.plates is None else self.plates
        each = 1 if self.products_per_plate is None else self.products_per_plate
        if not 1 <= plates <= MOST_PLATES or not 1 <= each <= MOST_PRODUCTS_PER_PLATE:
            raise UsageError(
                f"{plates} plates with {each} products each; give 1 to {MOST_PLATES} plates with "
                f"1 to {MOST_PRODUCTS_PER_PLATE} products."
            )
        return other_shop(seed, plates, each, build.capacity_g, build.lightest_g, self.goods)

    def _usual_make(self, build: Build) -> Build:
        return replace(Build(), platform_hz=build.platform_hz)


USUAL = Variation()


def known_profile(name: str) -> Profile:
    """The profile of this name. Raises UsageError where there is none."""
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise UsageError(f"There is no simulation profile {name!r}; choose one of: {known}.")
    return PROFILES[name]


def _check_range(what: str, given: Range, lowest: float, highest: float) -> None:
    low, high = given
    if not lowest <= low <= high <= highest:
        raise UsageError(
            f"{low:g} to {high:g} {what}; give a low and a high end from {lowest:g} to {highest:g}."
        )


def without_scales(settings: Settings, plates: tuple[str, ...]) -> Settings:
    """The same shop with these plates watched by the camera alone."""
    known = {plate.id for plate in settings.plate}
    for plate in plates:
        if plate not in known:
            raise UsageError(f"There is no plate {plate!r}; there are {', '.join(sorted(known))}.")
    if known <= set(plates):
        raise UsageError("Leave at least one plate its scale.")
    free = {"scale": None, "channel": None}
    changed = tuple(p.model_copy(update=free) if p.id in plates else p for p in settings.plate)
    return settings.model_copy(update={"plate": changed})
