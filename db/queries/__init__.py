"""How data get out: one filter object behind every list, count and aggregate."""
