"""DuckDB with the extension that reads over HTTP, which comes as a package: nothing is downloaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import duckdb_extension_httpfs


@contextmanager
def duckdb_over_http() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that reads addresses."""
    extensions = Path(duckdb_extension_httpfs.__file__).parent
    extension = next(extensions.glob(f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension"))
    settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=settings) as found:
        found.load_extension(str(extension))
        yield found
