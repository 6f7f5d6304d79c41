"""The simulated shelf as a fixed camera sees it, in step with its simulated weights."""
