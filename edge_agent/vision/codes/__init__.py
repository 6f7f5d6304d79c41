"""Barcodes: read, and told once."""
