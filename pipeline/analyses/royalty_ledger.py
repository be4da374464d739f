"""The royalties' ledger in the warehouse: closings, postings and statements, only ever added to.

What belongs here: the tables `ledger.royalty_*`, reading them as they stood at an instant, and adding to them. What is
posted is settled in `pipeline.analyses.royalty_books`; when a period closes, in `pipeline.analyses.royalties`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from pipeline.analyses.royalty_books import Books, Posting
from pipeline.analyses.royalty_rules import RoyaltyRules
from pipeline.analyses.royalty_weights import Market

#: A seller's statement of a closed period, as it was issued.
STATEMENT = """
    period_id varchar, period_start date, period_end date, seller_id varchar, currency varchar, rank integer,
    reason varchar, is_in_good_standing boolean, net_sales_cents bigint, opening_debit_cents bigint,
    base_cents bigint, rating_sum bigint, rating_count bigint, market_rating_sum bigint, market_rating_count bigint,
    prior_ratings integer, minimum_ratings integer, bayes_mean decimal(18, 12), quality decimal(18, 12),
    answered bigint, mature bigint, market_answered bigint, market_mature bigint, prior_responses integer,
    response_share decimal(18, 12), engagement decimal(18, 12), weight decimal(38, 12), weight_fraction varchar,
    share decimal(18, 15), pool_cents bigint, cap_share decimal(18, 12), quota_cents decimal(38, 9),
    is_capped boolean, rounding_cents bigint, allocation_cents bigint, adjustment_cents bigint,
    opening_held_cents bigint, opening_overpaid_cents bigint, minimum_payout_cents bigint, payout_cents bigint,
    carried_cents bigint, closing_held_cents bigint, closing_overpaid_cents bigint, closing_debit_cents bigint
"""

#: One row a closed period: what it was closed with, which nothing changes afterwards.
CLOSING = """
    period_id varchar, period_start date, period_end date, as_of timestamp, currency varchar, pool_cents bigint,
    market_rating_sum bigint, market_rating_count bigint, market_answered bigint, market_mature bigint,
    rules json, not_in_good_standing varchar[], fingerprint varchar
"""

#: One row a movement of a seller's account; `closing_id` is the period in whose closing it was made, `period_id` the
#: period on whose account.
POSTING = """
    posting_id bigint, closing_id varchar, period_id varchar, seller_id varchar, kind varchar, cents bigint,
    as_of timestamp
"""

TABLES = {"royalty_closings": CLOSING, "royalty_postings": POSTING, "royalty_statements": STATEMENT}


@dataclass(frozen=True)
class Closing:
    """A closed period: its pool, rules, currency, the marketplace's figures, and who was in bad standing, for good."""

    period_id: str
    period_start: date
    period_end: date
    as_of: datetime
    currency: str
    pool_cents: int
    market: Market
    rules: RoyaltyRules
    not_in_good_standing: frozenset[str]
    fingerprint: str


@dataclass(frozen=True)
class Entry:
    """What one closing adds to the ledger."""

    closing: Closing
    postings: Sequence[Posting]
    statements: Sequence[dict[str, Any]]


@dataclass
class Ledger:
    """The ledger as it stood at an instant. `last_as_of`: the instant of its last closing, also when that is later."""

    closings: list[Closing]
    books: Books
    last_as_of: datetime | None


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the ledger's tables where they are missing."""
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists ledger.{name} ({columns})")


def read_ledger(con: duckdb.DuckDBPyConnection, as_of: datetime) -> Ledger:
    """The ledger as it stood at that instant: closings in the order of their periods, postings as sums."""
    closings = [
        Closing(
            period_id=row[0],
            period_start=row[1],
            period_end=row[2],
            as_of=row[3],
            currency=row[4],
            pool_cents=row[5],
            market=Market(*row[6:10]),
            rules=RoyaltyRules.model_validate_json(row[10]),
            not_in_good_standing=frozenset(row[11]),
            fingerprint=row[12],
        )
        for row in con.execute(
            "select * from ledger.royalty_closings where as_of <= ? order by period_start", [as_of]
        ).fetchall()
    ]
    books = Books()
    for seller_id, cents in con.execute(
        "select seller_id, cast(sum(cents) as bigint) from ledger.royalty_postings where as_of <= ? group by all",
        [as_of],
    ).fetchall():
        books.balances[seller_id] = cents
    for period_id, seller_id, cents in con.execute(
        """
        select period_id, seller_id, cast(sum(cents) as bigint) from ledger.royalty_postings
        where kind <> 'payout' and as_of <= ? group by all
        """,
        [as_of],
    ).fetchall():
        books.allocated.setdefault(period_id, {})[seller_id] = cents
    last = con.execute("select max(as_of) from ledger.royalty_closings").fetchone()
    return Ledger(closings, books, last[0] if last else None)


def append(con: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> None:
    """Add what closings made, for good. The postings' numbers run on."""
    row = con.execute("select coalesce(max(posting_id), 0) from ledger.royalty_postings").fetchone()
    assert row is not None
    number = row[0]
    for entry in entries:
        closing = entry.closing
        con.execute(
            "insert into ledger.royalty_closings values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(closing.period_id, closing.period_start, closing.period_end, closing.as_of, closing.currency),
                *(closing.pool_cents, *closing.market, closing.rules.model_dump_json()),
                *(sorted(closing.not_in_good_standing), closing.fingerprint),
            ],
        )
        postings = pl.DataFrame(entry.postings, schema=Posting._fields, orient="row", infer_schema_length=None)
        numbered = postings.with_row_index("posting_id", number + 1).with_columns(as_of=pl.lit(closing.as_of))
        number += len(postings)
        _insert(con, "ledger.royalty_postings", numbered)
        _insert(con, "ledger.royalty_statements", pl.DataFrame(entry.statements, infer_schema_length=None))


def show_provisional(con: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> None:
    """Put the statements of closings that are not posted into the temporary table `provisional_statements`."""
    con.execute(f"create or replace temp table provisional_statements ({STATEMENT})")
    for entry in entries:
        _insert(con, "provisional_statements", pl.DataFrame(entry.statements, infer_schema_length=None))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    if rows.is_empty():
        return
    con.register("royalty_rows", rows.to_arrow())
    con.execute(f"insert into {table} by name select * from royalty_rows")
    con.unregister("royalty_rows")
