"""Trains the demo model for the simulated shelf's products, and writes it with its card.

    python -m venv /tmp/train && . /tmp/train/bin/activate
    pip install torch==2.14.1 torchvision==0.29.1 && pip install -e '.[train]'
    python scripts/train_demo_model.py --work /tmp/first --out /tmp/first-model
    python scripts/train_demo_model.py --work /tmp/more --out models/demo-shelf \\
        --start /tmp/first/weights.pt --pictures 960 --frames 24 --epochs 8

Half of what it learns from is made as `edge-agent model train` makes it, from cut-outs put into
pictures of empty plates; the other half are drawings of the shelf. It is measured on drawings with
other seeds. Some forty minutes on two cores in all; with --weights it only exports and measures.
What it learns from drawings says nothing about real goods.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edge_agent.detector.manifest import Manifest
from edge_agent.simulation.flavours import with_flavours
from edge_agent.simulation.shop import demo_settings
from edge_agent.training.compositing import Compositor
from edge_agent.training.courses import finish
from edge_agent.training.dataset import read_labelled, write_data_file, write_part
from edge_agent.training.drawn import DrawnShelf
from edge_agent.training.exporting import About, export
from edge_agent.training.learning import Course, train

TRAIN_SEED, HELD_BACK_SEED = 100, 9000
HELD_BACK_FRAMES = 6
# A plate's cut is 260 pixels wide: more would cost training time, and show nothing more.
TRAIN_PX, INPUT_PX = 256, 320
REMARK = "What it learned from drawings says nothing about real goods: train your own."


def main() -> int:
    """Draw, train, export, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures and runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--pictures", type=int, default=480, help="composites (480)")
    parser.add_argument(
        "--frames", type=int, default=12, help="drawn frames of each shop, twelve cuts each (12)"
    )
    parser.add_argument("--epochs", type=int, default=10, help="rounds of training (10)")
    parser.add_argument("--start", type=Path, help="weights to go on from; else from nothing")
    parser.add_argument("--weights", type=Path, help="trained weights: do not train again")
    wanted = parser.parse_args()
    weights = wanted.weights or _train(wanted)
    manifest = _model(weights, wanted.work, wanted.out)
    print(f"{wanted.out}: {manifest.measured}")
    return 0


def _train(wanted: argparse.Namespace) -> Path:
    work: Path = wanted.work
    shelves = _shelves(TRAIN_SEED)
    skus = sorted({sku for shelf in shelves for sku in shelf.skus})
    plates = [plate.products for shelf in shelves for plate in shelf.settings.plate]
    cutouts = {sku: units for shelf in shelves for sku, units in shelf.cutouts().items()}
    composer = Compositor(cutouts, shelves[0].empty_plates(), plates, TRAIN_SEED)
    made = [composer.make() for _ in range(wanted.pictures)]
    drawn = [cut for shelf in shelves for cut in shelf.cuts(wanted.frames)]
    write_part(work, "train", [*made, *drawn])
    held_back = [cut for s in _shelves(HELD_BACK_SEED) for cut in s.cuts(HELD_BACK_FRAMES)]
    write_part(work, "val", held_back)
    course = Course(epochs=wanted.epochs, size_px=TRAIN_PX)
    return train(write_data_file(work, skus), work, course, wanted.start)


def _model(weights: Path, work: Path, out: Path) -> Manifest:
    """Export the weights, measure them on the drawings that were held back, and write the card."""
    products = [p for shelf in _shelves(TRAIN_SEED) for p in shelf.settings.product]
    about = About(
        "demo-shelf",
        "drawings of the simulated shelf's goods (edge_agent/simulation), by "
        "scripts/train_demo_model.py; no picture of anything real",
        date.today(),
        INPUT_PX,
        {product.sku: product.name for product in products},
    )
    manifest = export(weights, out, about, ("onnx", "ncnn"))
    labelled = read_labelled(work, manifest.skus)
    return finish(out, manifest, labelled, "drawings with other seeds", (REMARK,))


def _shelves(seed: int) -> list[DrawnShelf]:
    """The demonstration shop, and the one with flavours, as drawn with this seed."""
    shops = demo_settings(), with_flavours(demo_settings())
    skus = sorted({product.sku for shop in shops for product in shop.product})
    return [DrawnShelf(shop, seed, skus) for shop in shops]


if __name__ == "__main__":
    sys.exit(main())
