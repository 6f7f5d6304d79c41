"""A model's card: what it sees, what it was made from, how good it is, its licence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_agent.detector.manifest import Manifest

CARD_FILE = "README.md"


def write_card(folder: Path, manifest: Manifest, remarks: Sequence[str] = ()) -> Path:
    """Write the card into the model's folder."""
    path = folder / CARD_FILE
    path.write_text("\n".join(_lines(manifest, remarks)) + "\n", encoding="utf-8")
    return path


def _lines(manifest: Manifest, remarks: Sequence[str]) -> list[str]:
    measured = manifest.measured
    lines = [
        f"# {manifest.name}",
        "",
        f"A detector of {len(manifest.classes)} products, looking at {manifest.input_px} x "
        f"{manifest.input_px} pixels. Made on {manifest.made_on}.",
        "",
        f"**Made from**: {manifest.made_from}.",
        "",
    ]
    if measured is not None:
        lines += [
            f"**How good**: mAP50 {measured.map50:.3f}, mAP50-95 {measured.map50_95:.3f} on "
            f"{measured.pictures} pictures that it was not trained on: {measured.on}.",
            "",
        ]
    lines += [line for remark in remarks for line in (remark, "")]
    lines += [
        f"**Licence**: {manifest.licence}. Trained and exported with ultralytics, which is "
        "AGPL-3.0 and holds that what it makes is so, too: whoever hands the model on, or lets "
        "others use it over a network, gives them its source as well. Else train with something "
        "other, or buy their licence. The program itself is MIT and runs any model of this form.",
        "",
        "| file | for | bytes | sha256 |",
        "|---|---|---|---|",
        *(f"| `{f.name}` | {f.kind} | {f.size} | `{f.sha256}` |" for f in manifest.files),
        "",
        "| class | SKU | product |",
        "|---|---|---|",
        *(f"| {n} | {c.sku} | {c.name} |" for n, c in enumerate(manifest.classes)),
    ]
    return lines
