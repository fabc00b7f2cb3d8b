"""Rows in, bytes out: one module for each format that holds rows alone. JSON, which wraps them, is in `api.answers.encoding`."""

import os

# Arrow reads this when it is first imported. Its own allocator keeps tens of megabytes that are free; the system's does not.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
