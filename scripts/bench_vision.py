"""What seeing is worth: every figure of the table in docs/seeing.md, against its goal.

Real photographs come from ../shared/data; rows whose data is absent are left out, and said so.

    python scripts/bench_vision.py [regions cartons barcodes detector shelf] [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# As the agent does: threads that wait at full speed would count as time that is needed.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from edge_agent.cli.console import note, print_table, say
from scripts.bench.row import Row

PARTS = {
    "regions": "scripts.bench.region_rows",
    "cartons": "scripts.bench.carton_rows",
    "barcodes": "scripts.bench.barcode_rows",
    "detector": "scripts.bench.detector_rows",
    "shelf": "scripts.bench.shelf_rows",
}


def main() -> int:
    """Measure the parts that are wanted, one after the other, and print each as it is done."""
    wanted = _arguments()
    measured: dict[str, list[Row]] = {}
    for part in wanted.parts or PARTS:
        found: list[Row] = importlib.import_module(PARTS[part]).rows(quick=wanted.quick)
        if not found:
            note(f"{part}: its data is not in ../shared/data; left out")
            continue
        measured[part] = found
        say(part)
        print_table(
            ["", "goal>", "figure>", "", "note~"],
            [(r.name, r.goal, f"{r.value:g}", r.unit, r.note) for r in found],
            "nothing",
        )
    if wanted.json is not None:
        told = {part: [asdict(row) for row in rows] for part, rows in measured.items()}
        wanted.json.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="else all of them")
    parser.add_argument("--quick", action="store_true", help="a part of the data, for a look")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
