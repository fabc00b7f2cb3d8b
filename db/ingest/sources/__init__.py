"""Asks sources on the web, politely, and keeps what they say on disk until it is taken in."""
