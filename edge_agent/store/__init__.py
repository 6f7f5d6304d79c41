"""SQLite: the journal of inputs, the outbox of messages, and what the commands read."""
