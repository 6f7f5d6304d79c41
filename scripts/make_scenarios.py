"""Write the recordings under `tests/scenarios/` from their descriptions in `scripts/scenarios/`.

The same bytes each time. Run it after a change there, and commit what it wrote.

    python scripts/make_scenarios.py
    python scripts/make_scenarios.py paid-after paid-before --out /tmp/scenarios
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.scenarios.plots import PLOTS
from scripts.scenarios.writing import write

SCENARIOS = Path(__file__).resolve().parents[1] / "tests" / "scenarios"


def main() -> int:
    """Write what was asked for; the exit status."""
    parser = argparse.ArgumentParser(description="Write the scenarios' recordings.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these alone (default: all)")
    parser.add_argument("--out", type=Path, default=SCENARIOS)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in PLOTS]
    if unknown:
        print(f"There is no scenario {unknown[0]!r}; see scripts/scenarios/.", file=sys.stderr)
        return 2
    size = write(arguments.out, arguments.names or list(PLOTS))
    print(f"{len(arguments.names or PLOTS)} scenarios, {size / 1e6:.2f} MB in {arguments.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
