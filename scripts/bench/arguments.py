"""The command line of scripts/bench_weighing.py."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from scripts.bench.signals import SCENES

QUICK_SEEDS, QUICK_MINUTES = (500, 502), 5.0


def arguments(description: str) -> argparse.Namespace:
    """What the command line asks for; --quick already turned into seeds and minutes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default=(500, 520),
        metavar="A:B",
        help="seeds reported, B not included (500:520)",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="length of each signal (10)")
    parser.add_argument(
        "--scenes",
        nargs="+",
        choices=SCENES,
        default=list(SCENES),
        help="only these",
        metavar="SCENE",
    )
    parser.add_argument(
        "--tune",
        type=_seeds,
        metavar="A:B",
        help="tune the others on these seeds first, and keep their constants",
    )
    parser.add_argument("--tune-minutes", type=float, default=8.0, help="length of these (8)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="two seeds of five minutes: under two minutes on two cores",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    _add_outputs(parser)
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.seeds, wanted.minutes = QUICK_SEEDS, QUICK_MINUTES
    return wanted


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    """Where the figures go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write the two pictures")
    parser.add_argument(
        "--docs",
        type=Path,
        metavar="PAGE",
        help="put tables and pictures into this page, between its marks",
    )


def _seeds(text: str) -> tuple[int, int]:
    first, colon, end = text.partition(":")
    if not colon or not (first + end).isdigit() or int(first) >= int(end):
        raise argparse.ArgumentTypeError(f"{text!r}; give seeds as 500:520, the last not included")
    return int(first), int(end)
