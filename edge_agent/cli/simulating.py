"""`simulate`: a recording of a simulated shelf, with the truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.progress import Progress
from edge_agent.errors import UsageError

if TYPE_CHECKING:
    from edge_agent.simulation.pictures.plan import PicturePlan

Seed = Annotated[int, typer.Option(help="Same seed and options, same bytes.", min=0)]
Hours = Annotated[float, typer.Option(help="Length; a day and more begins at midnight.")]
Out = Annotated[Path, typer.Option(help="The folder to write.", metavar="DIR")]
ProfileName = Annotated[
    str,
    typer.Option(
        help="default, calm (no doubles, no faults), harsh, faulty (channels, hands and goods "
        "that misbehave), or coarse: 20 kg plates with 0.5 to 6 g of noise a sample, items from "
        "40 g, neighbours that swing by up to 60 g."
    ),
]
Rate = Annotated[float | None, typer.Option(help="Samples a second; else 80, with coarse 12.")]
VisitsPerHour = Annotated[float, typer.Option(help="How busy the shelf is; 0: nobody comes near.")]
Effects = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=X",
        help="How strong one effect is instead: 0 absent, 1 as usual; repeatable. Of the weights: "
        "noise, flicker, hum, quantum, spikes, dropouts, drift, creep, crosstalk, shaking, "
        "ringing, touch, vibration, doubles, leans, slow, quick, rests, regrets, sag, fridge, "
        "freezes, saturation, outages, shifts, cleanings, straddles, litter, foreign, outliers, "
        "new_sizes; of the camera: light, grain, passers, scans, bumps, covers, blackouts, stills.",
    ),
]
PlatformHz = Annotated[
    str | None,
    typer.Option(metavar="LOW:HIGH", help="Natural frequencies of the plates, as 18:18."),
]
DoubleGap = Annotated[
    str | None,
    typer.Option(metavar="LOW:HIGH", help="Seconds between the picks of a hand that takes two."),
]
Plates = Annotated[
    int | None, typer.Option(help="Another shop than the demo's, with so many plates.")
]
ProductsPerPlate = Annotated[int | None, typer.Option(help="…and so many goods on each plate.")]
Goods = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help='…out of a JSON list of {"weight_g", "weight_sd_g"}.'),
]
OnlyWeights = Annotated[
    bool,
    typer.Option(
        "--only-weights",
        help="No payments: single actions over all plates, by day and night alike, and restock "
        "orders; --visits-per-hour counts the actions.",
    ),
]
Adversarial = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Every way to pay and not to pay, with this share of visits in which somebody does "
        "not; the truth then tells the visits too.",
    ),
]
Pictures = Annotated[
    bool,
    typer.Option(
        "--pictures", help="Also what a camera sees: frames/front/<unix milliseconds>.jpg."
    ),
]
PictureSize = Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="…of this size in pixels.")]
PicturesPerS = Annotated[
    float | None,
    typer.Option(help="…so many a second; else 5 around what hands do, and one in 2 s."),
]
Flavours = Annotated[
    bool,
    typer.Option(
        "--flavours",
        help="Two or three flavours of one weight on seven plates; colour and a word differ.",
    ),
]
Swaps = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        help="In this share of visits goods are swapped for something of the same weight.",
    ),
]
Unweighed = Annotated[
    list[str] | None,
    typer.Option(metavar="PLATE", help="A plate that only the camera watches; repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command(
        "simulate",
        epilog="Example: edge-agent simulate --seed 1 --hours 8 --out day1; with a camera: "
        "edge-agent simulate --seed 1 --hours 0.5 --pictures --flavours --swaps 0.2 --out seen1",
    )(simulate)


def simulate(
    seed: Seed,
    hours: Hours,
    out: Out,
    profile: ProfileName = "default",
    rate: Rate = None,
    visits_per_hour: VisitsPerHour = 10.0,
    effect: Effects = None,
    platform_hz: PlatformHz = None,
    double_gap: DoubleGap = None,
    plates: Plates = None,
    products_per_plate: ProductsPerPlate = None,
    goods: Goods = None,
    only_weights: OnlyWeights = False,
    adversarial: Adversarial = None,
    pictures: Pictures = False,
    size: PictureSize = "1280x720",
    fps: PicturesPerS = None,
    flavours: Flavours = False,
    swaps: Swaps = 0.0,
    unweighed: Unweighed = None,
) -> None:
    """Make a recording of a simulated shelf, with the truth beside it."""
    from edge_agent.simulation.recording import simulate as make
    from edge_agent.simulation.variation import Variation

    variation = Variation(
        effects=dict(_strength(text) for text in effect or ()), goods=goods,
        platform_hz=_range("--platform-hz", platform_hz), plates=plates,
        double_gap_s=_range("--double-gap", double_gap), products_per_plate=products_per_plate,
        only_weights=only_weights, adversarial=adversarial, flavours=flavours, swaps=swaps,
        pictures=_plan(size, fps) if pictures else None, unweighed=tuple(unweighed or ()),
    )  # fmt: skip
    with Progress("simulating") as progress:
        make(seed, hours, out, profile=profile, rate_hz=rate, visits_per_hour=visits_per_hour,
             variation=variation, progress=progress)  # fmt: skip


def _strength(text: str) -> tuple[str, float]:
    """`doubles=0.5` as its two parts."""
    name, _, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError as error:
        raise UsageError(
            f"--effect {text} is not NAME=NUMBER; give for example doubles=0."
        ) from error


def _range(option: str, text: str | None) -> tuple[float, float] | None:
    """`18:24` as two numbers."""
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError as error:
        raise UsageError(f"{option} {text} is not LOW:HIGH; give for example 18:24.") from error


def _plan(size: str, fps: float | None) -> PicturePlan:
    """The pictures of a size as `1280x720`."""
    from edge_agent.simulation.pictures.plan import PicturePlan

    width, _, height = size.lower().partition("x")
    try:
        return PicturePlan(size=(int(width), int(height)), fps=fps)
    except ValueError as error:
        raise UsageError(f"--size {size} is not WIDTHxHEIGHT; give for example 640x360.") from error
