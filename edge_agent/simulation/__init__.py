"""Shoppers, load cells and an operator's cloud, simulated from a seed."""
