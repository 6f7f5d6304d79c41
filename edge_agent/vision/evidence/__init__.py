"""Pictures of changes, without people, within limits."""
