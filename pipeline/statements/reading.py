"""Reads what the statements of a period need out of `published/scmr17.duckdb`: a few queries for all sellers together.

What belongs here: the queries, and their rows by seller. Wording and printing them is `figures.py`'s work. The
warehouse is never opened here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import DeliveryMissing, UserError
from pipeline.figures.expertise import last_monday
from pipeline.figures.published import Value
from pipeline.periods import Period, containing

Row = dict[str, Any]

#: What the scorecard shows, in its order.
SCORECARD = (
    "rating_mean",
    "review_response_48h",
    "negative_review_response_48h",
    "inquiry_response_48h",
    "on_time_delivery_rate",
    "cancellation_rate_by_seller",
    "return_rate",
)
MOVES_SHOWN = 2
NAMES_SUGGESTED = 3

_ROYALTIES = """
select * from royalties where period_start >= $start and period_end <= $end order by period_start, seller_id
"""
_CORRECTIONS = """
select a.seller_id, a.period_id, cast(sum(a.adjustment_cents) as bigint) as cents
from royalty_adjustments as a
where a.closing_id in (select unnest($paid)) and ($seller = '' or a.seller_id = $seller)
group by all order by a.seller_id, a.period_id
"""
_VALUES = """
select scope, metric, period_id, entity_id, value, numerator, denominator, n, low, high, reason, target, rag, evidence
from metrics
where period_id = $period_id and metric in (select unnest($metrics))
    and (scope = 'all' or scope = 'seller' and ($seller = '' or entity_id = $seller))
order by scope, entity_id, metric
"""
_EXPERTISE = "select * from expertise where monday = $monday and ($seller = '' or seller_id = $seller)"
_IS_EXPERTISE_MEASURED = """
select bool_or(reason is distinct from 'not_measured') from expertise where monday = $monday
"""
_MOVES = """
select seller_id, monday, previous_status, status
from expertise
where is_change and level is not null and previous_level is not null and monday <= $monday
    and ($seller = '' or seller_id = $seller)
qualify row_number() over (partition by seller_id order by monday desc) <= $most
order by seller_id, monday desc
"""


@dataclass(frozen=True)
class Title:
    """How the catalogue calls a metric."""

    title: str
    unit: str
    better: str


@dataclass(frozen=True)
class Paid:
    """What all sellers' rows of one paid period say together. `rest_`: what the cap leaves of the pool, and the sellers
    and weights that it is divided among. `closed_as_of`: None while it is provisional."""

    pool_cents: int
    takers: int
    rest_cents: int
    rest_takers: int
    rest_weight: Decimal
    closed_as_of: datetime | None

    @property
    def is_anyone_capped(self) -> bool:
        return self.rest_takers < self.takers


@dataclass
class Facts:
    """One period's published rows, by seller. `paid` are the paid periods that it holds, by id, in order."""

    period: Period
    as_of: datetime
    as_of_day: date
    currency: str
    fingerprint: str
    monday: date
    paid: dict[str, Paid]
    sellers: tuple[str, ...]
    royalties: dict[str, list[Row]]
    names: dict[str, str]
    titles: dict[str, Title]
    market: dict[str, Value]
    is_expertise_measured: bool = False
    values: dict[str, dict[str, Value]] = field(default_factory=dict)
    corrections: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    expertise: dict[str, Row] = field(default_factory=dict)
    moves: dict[str, list[Row]] = field(default_factory=dict)

    def of_period(self, period_id: str) -> list[Row]:
        """All sellers' royalties of a paid period."""
        return [row for rows in self.royalties.values() for row in rows if row["period_id"] == period_id]


def read_facts(published: Path, period: Period, seller: str = "") -> Facts:
    """The facts of a month or quarter, for one seller or for all that have royalties in it.

    Raises DeliveryMissing when nothing is published for it, UserError for a week and for a seller that is not there.
    """
    if period.type == "week":
        raise UserError(f"{period.id} is a week; royalties are paid for months or quarters, such as 2026-03 or 2026-Q1")
    path = published / "scmr17.duckdb"
    if not path.exists():
        raise DeliveryMissing(f"{path}: nothing is published yet; `scmr17 run` takes the exports in and publishes")
    con = duckdb.connect(str(path), read_only=True, config={"threads": 1})
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        return _read(con, period, seller)
    finally:
        con.close()


def _read(con: duckdb.DuckDBPyConnection, period: Period, seller: str) -> Facts:
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    royalties = _rows(con, _ROYALTIES, start=period.start, end=period.end) if "royalties" in tables else []
    if not royalties:
        raise DeliveryMissing(f"{period.id}: no royalties are published for it; {_paid_named(con, tables, period)}")
    run = _rows(con, "select * from run")[0]
    names = {who: name or "" for who, name in con.execute("select seller_id, name from sellers").fetchall()}
    by_seller: dict[str, list[Row]] = defaultdict(list)
    for row in royalties:
        by_seller[row["seller_id"]].append(row)
    if seller and seller not in by_seller:
        raise UserError(_unknown(seller, period, by_seller, names))
    catalogue = con.execute("select metric, title, unit, better from catalogue").fetchall()
    facts = Facts(
        period=period,
        as_of=run["as_of"],
        as_of_day=run["as_of_day"],
        currency=royalties[0]["currency"],
        fingerprint=run.get("fingerprint") or "",
        monday=last_monday(period.end, run["as_of_day"]),
        paid=_paid(royalties),
        sellers=(seller,) if seller else tuple(sorted(by_seller)),
        royalties=dict(by_seller),
        names=names,
        titles={metric: Title(*(text or "" for text in rest)) for metric, *rest in catalogue},
        market={},
    )
    _read_scorecard(con, facts, tables, seller)
    return facts


def _read_scorecard(con: duckdb.DuckDBPyConnection, facts: Facts, tables: set[str], seller: str) -> None:
    asked = {"period_id": facts.period.id, "metrics": list(SCORECARD), "seller": seller}
    for scope, metric, *row in con.execute(_VALUES, asked).fetchall():
        value = Value(*row)
        if scope == "all":
            facts.market[metric] = value
        else:
            facts.values.setdefault(value.entity_id, {})[metric] = value
    if "royalty_adjustments" in tables:
        for who, period_id, cents in con.execute(_CORRECTIONS, {"paid": list(facts.paid), "seller": seller}).fetchall():
            facts.corrections.setdefault(who, []).append((period_id, cents))
    if "expertise" in tables:
        measured = con.execute(_IS_EXPERTISE_MEASURED, {"monday": facts.monday}).fetchone()
        facts.is_expertise_measured = bool(measured and measured[0])
        for standing in _rows(con, _EXPERTISE, monday=facts.monday, seller=seller):
            facts.expertise[standing["seller_id"]] = standing
        for move in _rows(con, _MOVES, monday=facts.monday, seller=seller, most=MOVES_SHOWN):
            facts.moves.setdefault(move["seller_id"], []).append(move)


def _rows(con: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[Row]:
    found = con.execute(sql, parameters)
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _paid(royalties: list[Row]) -> dict[str, Paid]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in royalties:
        rows[row["period_id"]].append(row)
    return {period_id: _paid_together(found) for period_id, found in rows.items()}


def _paid_together(rows: list[Row]) -> Paid:
    pool_cents = rows[0]["pool_cents"]
    takers = [row for row in rows if not row["reason"]]
    rest = [row for row in takers if not row["is_capped"]]
    return Paid(
        pool_cents=pool_cents,
        takers=len(takers),
        rest_cents=pool_cents - sum(row["allocation_cents"] for row in takers if row["is_capped"]),
        rest_takers=len(rest),
        rest_weight=sum((row["weight"] for row in rest), Decimal(0)),
        closed_as_of=max((row["closed_as_of"] for row in rows if row["closed_as_of"]), default=None),
    )


def _paid_named(con: duckdb.DuckDBPyConnection, tables: set[str], period: Period) -> str:
    """The paid periods that there are: `they are paid for 2024-10 to 2026-03`."""
    known = (
        con.execute("select distinct period_id, period_start from royalties order by period_start").fetchall()
        if "royalties" in tables
        else []
    )
    if not known:
        return "no period is closed yet, or no sales have come: `scmr17 run` closes those that are over"
    first, last = known[0][0], known[-1][0]
    if "-Q" in last and period.type == "month":
        return f"they are paid by quarters, {first} to {last}: {_quarter_of(period)} holds this month"
    return f"they are paid for {first} to {last}" if first != last else f"they are paid for {first} only"


def _quarter_of(period: Period) -> str:
    return containing(period.start, "quarter", period.fiscal_year_start_month).id


def _unknown(seller: str, period: Period, there: dict[str, list[Row]], names: dict[str, str]) -> str:
    """Why there is no statement for that id, with the ids it may have been meant for."""
    if seller in names:
        return f"{seller!r} has no royalties in {period.id}: no sales, ratings or answers, and no balance"
    folded: dict[str, str] = {}
    for who in sorted(there):
        folded.setdefault(who.casefold(), who)
        folded.setdefault(names.get(who, "").casefold(), who)
    folded.pop("", None)
    close = get_close_matches(seller.casefold(), folded, n=NAMES_SUGGESTED, cutoff=0.6)
    meant = ", ".join(dict.fromkeys(f"{folded[text]} ({names.get(folded[text]) or 'no name'})" for text in close))
    return f"no seller {seller!r} has royalties in {period.id}" + (f"; did you mean {meant}?" if meant else "")
