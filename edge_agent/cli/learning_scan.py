"""`products learn` without a SKU: the barcode, held before the camera, tells which product."""

from __future__ import annotations

from pathlib import Path

from edge_agent.cli.console import note
from edge_agent.cli.live_scans import live_scans
from edge_agent.errors import LearningError, UsageError
from edge_agent.ledger import catalogue_of
from edge_agent.settings_file import find_settings, find_state, load_settings
from edge_agent.shelf.scans import product_of_code, upc_e_in_full


def scan_sku(wait_s: float, config: Path | None, state: Path | None) -> str:
    """Read a product's barcode through the first camera and return its SKU.

    A code that the settings do not have is the SKU of a new product, as a till would know it.
    Raises UsageError without a camera, LearningError where nothing is read within `wait_s`.
    """
    path = find_settings(config)
    settings = load_settings(path)
    if not settings.camera:
        raise UsageError(
            f"Which product? {path} has no camera that could read its barcode, so give the SKU: "
            "edge-agent products learn SKU"
        )
    camera, catalogue = settings.camera[0], catalogue_of(settings)
    note(f"Hold the product's barcode before camera {camera.id}.")
    for seen in live_scans(camera, find_state(state), wait_s):
        product = product_of_code(seen.code, seen.format, catalogue)
        if product is not None:
            note(f"{seen.code} is {product.name}.")
            return product.sku
        if seen.format != "QR":
            sku = upc_e_in_full(seen.code) if seen.format == "UPC-E" else seen.code
            note(f"{sku} is a new product.")
            return sku
        note("That is a QR code and no product's; the barcode with the number below is wanted.")
    raise LearningError(
        f"No barcode was read within {wait_s:g} s. Hold it nearer, flat and in good light, or give "
        "the SKU: edge-agent products learn SKU"
    )
