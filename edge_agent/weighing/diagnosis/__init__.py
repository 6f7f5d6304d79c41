"""What a channel is like, and what is wrong with its mounting or wiring. Pure."""
