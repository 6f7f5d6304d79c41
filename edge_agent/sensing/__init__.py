"""Bytes and frames in, samples out: one module a driver."""
