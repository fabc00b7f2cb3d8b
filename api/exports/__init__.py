"""Rows in, bytes out: one module for each format that holds rows alone. JSON, which wraps them, is in `api.encoding`."""
