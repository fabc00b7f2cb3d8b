"""Spend: from summaries where they can tell it, else from facts; its totals and warnings."""
