"""The project's documents as pages: `docs/` and its like, found by listing folders and written as HTML."""
