"""How data get in: adapter, intake, records, rebuild, release."""
