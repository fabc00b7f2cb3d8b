"""How data get in: adapter, validation, sink, rebuild, release."""
