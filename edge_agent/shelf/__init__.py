"""The decisions: what was taken, paid and is missing. Pure: no I/O, no clock, no chance."""
