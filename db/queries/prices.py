"""Consumer prices, read from the file that ships with the program."""

import csv
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from db.settings import DATA_DIR
from models.prices import PriceIndex


@lru_cache
def load_price_index() -> PriceIndex:
    """Read the consumer price index of the United States once; data/README.md says where it comes from."""
    with (DATA_DIR / "us_cpi.csv").open(encoding="utf-8", newline="") as file:
        by_year = {int(row["year"]): Decimal(row["index"]) for row in csv.DictReader(file)}
    return PriceIndex(
        name="US consumer price index (CPI-U)",
        source="US Bureau of Labor Statistics, series CUUR0000SA0: all items, U.S. city average, annual averages",
        by_year=MappingProxyType(by_year),
    )
