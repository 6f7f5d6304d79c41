"""Cameras: threads around devices, and whether their pictures can be trusted."""
