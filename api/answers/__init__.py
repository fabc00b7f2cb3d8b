"""The shape of answers: rows, totals, meta and links, pages and formats."""
