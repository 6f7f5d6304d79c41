"""Loss detection for open shelves: what was taken, what was paid, what is missing."""

__version__ = "0.1.0"
