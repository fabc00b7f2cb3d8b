"""How statements are made, ordered, sent and read."""
