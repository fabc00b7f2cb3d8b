"""Knows the newest release without asking the database, and still sees at once what another process commits."""
