"""Samples of plates in, weight changes out. Pure: no I/O, no clock, no chance."""
