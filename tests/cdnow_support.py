"""The CDNOW sample as a marketplace: 2,357 customers who first bought in early 1997, followed to the end of June 1998.

What belongs here: bringing the public file into `raw.sales`, for tests against the numbers that the literature prints.
The file ships in the wheel `lifetimes` (MIT licence), of which nothing is imported.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import polars as pl
from metrics_support import Marketplace

#: The first day of the file and the day after its last one: a marketplace of it looks from there.
FIRST_DAY = "1997-01-01"
AS_OF = "1998-07-01 00:00"


def cdnow_rows() -> list[list[str]]:
    """The file's 6,919 rows: customer in the whole file, customer in the sample, day, units, dollars."""
    file = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_sample.txt")))
    return [line.split() for line in file.read_text().splitlines()]


def cdnow_days() -> pl.DataFrame:
    """One row for each customer and day: buyer_id, day, amount_cents. 6,696 of them, from 6,919 rows."""
    rows = pl.DataFrame(cdnow_rows(), orient="row", schema=_COLUMNS)
    return (
        rows.select(
            buyer_id=pl.col("sample_id"),
            day=pl.col("day").str.to_date("%Y%m%d"),
            amount_cents=(pl.col("dollars").cast(pl.Float64) * 100).round().cast(pl.Int64),
        )
        .group_by("buyer_id", "day")
        .agg(pl.col("amount_cents").sum())
        .sort("buyer_id", "day")
    )


_COLUMNS = dict.fromkeys(("customer_id", "sample_id", "day", "units", "dollars"), pl.String)


def add_cdnow(market: Marketplace) -> Marketplace:
    """Insert each customer's day as one completed order of one line, at noon UTC."""
    orders = cdnow_days().with_row_index("number").select(
        order_id=pl.format("O{}", "number"),
        order_line_id=pl.format("L{}", "number"),
        product_id=pl.lit("CD"),
        category=pl.lit("Music"),
        seller_id=pl.lit("CDNOW"),
        buyer_id="buyer_id",
        qty=pl.lit(1),
        amount_cents="amount_cents",
        currency=pl.lit("USD"),
        ordered_at=pl.col("day").cast(pl.Datetime("us")) + pl.duration(hours=12),
        status=pl.lit("completed"),
    )  # fmt: skip
    market.con.register("cdnow", orders.to_arrow())
    market.con.execute("insert into raw.sales by name select * from cdnow")
    market.con.unregister("cdnow")
    market.arrive("sales", *orders.columns)
    return market
