"""How data get in and out of the database. Knows no web framework."""
