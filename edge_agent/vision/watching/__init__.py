"""What changed in the regions of the plates."""
