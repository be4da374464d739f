"""The royalty pool, shared out to the cent.

What belongs here: the rules (`royalty.toml`), the weights as exact fractions, and the balances that a seller carries
from one period to the next. Dividing cents exactly is `pipeline.statistics.apportionment`; what a weight is reckoned
from is counted in `sql/metrics/royalty_inputs.sql`; the catalogue's totals are `sql/metrics/royalty_totals.sql`. No
float on the way: money is whole cents, everything else a Fraction until it is stored for reading.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadConfiguration
from pipeline.model import Model
from pipeline.statistics.apportionment import Part, exact_sum, share_out

TABLE = """
create table if not exists metrics.royalties (
    period_id varchar, period_start date, period_end date, seller_id varchar, rank integer, reason varchar,
    net_sales_cents bigint, opening_debit_cents bigint, base_cents bigint,
    rating_sum bigint, rating_count bigint, market_rating_sum bigint, market_rating_count bigint,
    prior_ratings integer, bayes_mean decimal(18, 12), quality decimal(18, 12),
    answered bigint, mature bigint, market_answered bigint, market_mature bigint,
    prior_responses integer, response_share decimal(18, 12), engagement decimal(18, 12),
    weight decimal(38, 12), weight_fraction varchar, share decimal(18, 15),
    pool_cents bigint, quota_cents decimal(38, 9), is_capped boolean, rounding_cents bigint, allocation_cents bigint,
    opening_held_cents bigint, payout_cents bigint, carried_cents bigint,
    closing_held_cents bigint, closing_debit_cents bigint
)
"""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Rules):
    """Where a period's pool comes from: a fixed sum, or a share of the marketplace's net sales."""

    kind: Literal["fixed", "share_of_net_sales"]
    amount_cents: int = Field(0, ge=0)
    net_sales_share: Decimal = Field(Decimal(0), ge=0, le=1)

    def cents(self, net_sales_cents: int) -> int:
        """The pool in whole cents, rounded down; never negative."""
        if self.kind == "fixed":
            return self.amount_cents
        return max(0, int(Fraction(self.net_sales_share) * net_sales_cents))


class RoyaltyRules(_Rules):
    """`royalty.toml`. The least number of ratings is 1 or more, so that whoever takes part has a mean."""

    pool: Pool
    pays: Literal["month", "quarter"] = "month"
    minimum_ratings: int = Field(5, ge=1)
    prior_ratings: int = Field(20, ge=0)
    prior_responses: int = Field(10, ge=1)
    minimum_payout_cents: int = Field(0, ge=0)
    cap_share: Decimal = Field(Decimal(1), gt=0, le=1)


@dataclass(frozen=True)
class Market:
    """What all sellers of a period share: the marketplace's ratings of 12 months and its answers within 48 hours."""

    rating_sum: int
    rating_count: int
    answered: int
    mature: int


@dataclass(frozen=True)
class Seller:
    """One seller's figures for a period, and the balances from the one before: held (>= 0) and debit (<= 0), in
    cents."""

    seller_id: str
    net_sales_cents: int
    rating_sum: int
    rating_count: int
    answered: int
    mature: int
    is_in_good_standing: bool = True
    opening_held_cents: int = 0
    opening_debit_cents: int = 0

    @property
    def base_cents(self) -> int:
        """What the weight is reckoned from: net sales after the debit of earlier refunds, never negative."""
        return max(0, self.net_sales_cents + self.opening_debit_cents)


@dataclass(frozen=True)
class Factors:
    """A seller's weight and what it is made of, exact. `reason` says why a weight is 0; None: the seller takes part."""

    bayes_mean: Fraction | None
    quality: Fraction | None
    response_share: Fraction | None
    engagement: Fraction
    weight: Fraction
    reason: str | None


def load_rules(config: Path) -> RoyaltyRules:
    """Read `royalty.toml` of the configuration folder. Raises BadConfiguration naming the key and what is wrong with
    it."""
    path = config / "royalty.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return RoyaltyRules(**values)
    except FileNotFoundError:
        raise BadConfiguration(f"{path}: not found") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(f"royalty.toml: {key} = {first['input']!r}: {first['msg']}") from None


def factors(seller: Seller, market: Market, rules: RoyaltyRules) -> Factors:
    """The weight S × q × e of METRICS.md A24, as exact fractions; 0 with a reason for a seller who takes no part.

    B = (m C + sum) / (m + n), q = (B - 1) / 4, e = 1/2 + 1/2 rho, rho = (k r0 + answered) / (k + mature). When nobody
    in the marketplace was to answer anything, e = 1 for all.
    """
    bayes = quality = response = None
    if market.rating_count and rules.prior_ratings + seller.rating_count:
        prior = rules.prior_ratings * Fraction(market.rating_sum, market.rating_count)
        bayes = (prior + seller.rating_sum) / (rules.prior_ratings + seller.rating_count)
        quality = (bayes - 1) / 4
    if market.mature:
        prior = rules.prior_responses * Fraction(market.answered, market.mature)
        response = (prior + seller.answered) / (rules.prior_responses + seller.mature)
    engagement = Fraction(1) if response is None else (1 + response) / 2
    reason = _reason(seller, rules)
    weight = Fraction(0) if reason or quality is None else seller.base_cents * quality * engagement
    return Factors(bayes, quality, response, engagement, weight, reason)


def _reason(seller: Seller, rules: RoyaltyRules) -> str | None:
    if seller.base_cents == 0:
        return "no_net_sales"
    if seller.rating_count < rules.minimum_ratings:
        return "too_few_ratings"
    if not seller.is_in_good_standing:
        return "not_in_good_standing"
    return None


def allocate(sellers: Iterable[Seller], market: Market, pool_cents: int, rules: RoyaltyRules) -> list[dict[str, Any]]:
    """One row a seller with every factor, named as the columns of `metrics.royalties` (those of the period excepted).

    Sum of allocations = pool_cents, and sum of payouts + sum of carried = pool_cents. When nobody takes part no pool is
    released: pool_cents is 0. A payout is never negative: negative net sales become a debit (closing_debit_cents)
    against the next period's net sales.
    """
    people = sorted(sellers, key=lambda seller: seller.seller_id)
    made = {seller.seller_id: factors(seller, market, rules) for seller in people}
    weights = {who: factor.weight for who, factor in made.items()}
    released = pool_cents if any(weights.values()) else 0
    parts = share_out(released, weights, Fraction(rules.cap_share))
    ranked = sorted(weights, key=lambda who: (-parts[who].cents, -weights[who], who))
    ranks = {who: rank for rank, who in enumerate(ranked, start=1)}
    total = exact_sum(weights.values())
    return [
        _row(seller, made[seller.seller_id], parts[seller.seller_id], market, rules, total)
        | {"rank": ranks[seller.seller_id], "pool_cents": released}
        for seller in people
    ]


def _row(
    seller: Seller, factor: Factors, part: Part, market: Market, rules: RoyaltyRules, total: Fraction
) -> dict[str, Any]:
    payable = part.cents + seller.opening_held_cents
    payout = payable if payable >= rules.minimum_payout_cents else 0
    return {
        "seller_id": seller.seller_id,
        "reason": factor.reason,
        "net_sales_cents": seller.net_sales_cents,
        "opening_debit_cents": seller.opening_debit_cents,
        "base_cents": seller.base_cents,
        "rating_sum": seller.rating_sum,
        "rating_count": seller.rating_count,
        "market_rating_sum": market.rating_sum,
        "market_rating_count": market.rating_count,
        "prior_ratings": rules.prior_ratings,
        "bayes_mean": _decimal(factor.bayes_mean, 12),
        "quality": _decimal(factor.quality, 12),
        "answered": seller.answered,
        "mature": seller.mature,
        "market_answered": market.answered,
        "market_mature": market.mature,
        "prior_responses": rules.prior_responses,
        "response_share": _decimal(factor.response_share, 12),
        "engagement": _decimal(factor.engagement, 12),
        "weight": _decimal(factor.weight, 12),
        "weight_fraction": f"{factor.weight.numerator}/{factor.weight.denominator}",
        "share": _decimal(factor.weight / total if total else Fraction(0), 15),
        "quota_cents": _decimal(part.quota, 9),
        "is_capped": part.is_capped,
        "rounding_cents": part.rounding_cents,
        "allocation_cents": part.cents,
        "opening_held_cents": seller.opening_held_cents,
        "payout_cents": payout,
        "carried_cents": part.cents - payout,
        "closing_held_cents": payable - payout,
        "closing_debit_cents": min(0, seller.net_sales_cents + seller.opening_debit_cents),
    }


def _decimal(value: Fraction | None, places: int) -> str | None:
    """A fraction for reading: rounded half up to so many places, as text that the database reads as a decimal."""
    if value is None:
        return None
    return f"{Decimal(int(value * 10**places * 2 + 1) // 2).scaleb(-places):f}"


def build_royalties(con: duckdb.DuckDBPyConnection, rules: RoyaltyRules) -> None:
    """Write `metrics.royalties` for the complete planned periods of the kind that is paid, inside the caller's
    transaction.

    A seller's balances run from period to period, so everything from the first planned period on is reckoned anew, in
    order, from the balances stored for the period before it: planning one period or all gives the same rows.
    """
    con.execute(TABLE)
    row = con.execute("select min(period_start) from plan.periods where period_type = ?", [rules.pays]).fetchone()
    first: date | None = row[0] if row else None
    if first is None:
        return
    con.execute("delete from metrics.royalties where period_end > ?", [first])
    balances = _stored_balances(con, first)
    for period in _periods(con, rules.pays, first):
        sellers, market = _inputs(con, period["period_id"], balances)
        pool = rules.pool.cents(sum(seller.net_sales_cents for seller in sellers))
        rows = [{**period, **row} for row in allocate(sellers, market, pool, rules)]
        balances = {row["seller_id"]: (row["closing_held_cents"], row["closing_debit_cents"]) for row in rows}
        if rows:
            con.register("royalty_rows", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
            con.execute("insert into metrics.royalties by name select * from royalty_rows")
            con.unregister("royalty_rows")


def build(con: duckdb.DuckDBPyConnection, config: Path) -> None:
    """`build_royalties` with the rules of the configuration folder. Raises BadConfiguration."""
    build_royalties(con, load_rules(config))


def _stored_balances(con: duckdb.DuckDBPyConnection, first: date) -> dict[str, tuple[int, int]]:
    """Held and debit of each seller at the end of the last stored period before `first`."""
    rows = con.execute(
        """
        select seller_id, closing_held_cents, closing_debit_cents from metrics.royalties
        where period_start = (select max(period_start) from metrics.royalties where period_start < ?)
        """,
        [first],
    ).fetchall()
    return {seller_id: (held, debit) for seller_id, held, debit in rows}


def _periods(con: duckdb.DuckDBPyConnection, pays: str, first: date) -> list[dict[str, Any]]:
    rows = con.execute(
        """
        select distinct period_id, period_start, period_end from metrics.royalty_inputs
        where period_type = ? and is_complete and period_start >= ? order by period_start
        """,
        [pays, first],
    ).fetchall()
    return [dict(zip(("period_id", "period_start", "period_end"), row, strict=True)) for row in rows]


def _inputs(
    con: duckdb.DuckDBPyConnection, period_id: str, balances: Mapping[str, tuple[int, int]]
) -> tuple[list[Seller], Market]:
    """The sellers of a period, and those who were idle but still have a balance."""
    rows = con.execute(
        """
        select seller_id, net_sales_cents, rating_sum, rating_count, answered, mature, is_in_good_standing,
            market_rating_sum, market_rating_count, market_answered, market_mature
        from metrics.royalty_inputs where period_id = ?
        """,
        [period_id],
    ).fetchall()
    sellers = []
    for row in rows:
        held, debit = balances.get(row[0], (0, 0))
        sellers.append(replace(Seller(*row[:7]), opening_held_cents=held, opening_debit_cents=debit))
    present = {seller.seller_id for seller in sellers}
    idle = [
        Seller(who, 0, 0, 0, 0, 0, opening_held_cents=held, opening_debit_cents=debit)
        for who, (held, debit) in balances.items()
        if who not in present and (held or debit)
    ]
    market = Market(*rows[0][7:]) if rows else Market(0, 0, 0, 0)
    return sellers + idle, market


MODEL = Model(
    schema="metrics",
    name="royalties",
    description="Each seller's part of the royalty pool, to the cent, with every factor that it is made of.",
    grain=("period_id", "seller_id"),
    reads=frozenset({"metrics.royalty_inputs"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    build=build,
)
