"""Why a seller's royalty is what it is, and what it would have been: counterfactuals of METRICS.md A24, to the cent.

What belongs here: one seller's figures changed, everything else as it was, and the pool divided again. The factors
themselves are columns of `metrics.royalties`; wording them is the statements' work.

A counterfactual is exact, so it costs a whole division of the pool: more ratings for one seller also move the
marketplace's mean, and with it every other weight. That is milliseconds for hundreds of sellers and a third of a second
for 20,000; it is reckoned when somebody asks for it, not stored for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.analyses.royalty_weights import Market, Seller, divide

#: The rules that every row of the table repeats.
_RULES = ("minimum_ratings", "prior_ratings", "prior_responses", "minimum_payout_cents", "cap_share")


@dataclass(frozen=True)
class Change:
    """What might have been: more ratings of 5 stars, and every review and inquiry answered within 48 hours."""

    five_star_ratings: int = 0
    answers_all: bool = False


class Moved(NamedTuple):
    """A seller's allocation as it was and as it would have been, in cents."""

    from_cents: int
    to_cents: int


def counterfactual(
    sellers: Iterable[Seller], market: Market, pool_cents: int, rules: RoyaltyRules, seller_id: str, change: Change
) -> Moved:
    """What the change would have made of one seller's allocation, the pool and all other sellers as they were.

    Raises KeyError for a seller who has no figures in the period.
    """
    people = {seller.seller_id: seller for seller in sellers}
    before = divide(people.values(), market, pool_cents, rules)
    mine = people[seller_id]
    unanswered = mine.mature - mine.answered if change.answers_all else 0
    people[seller_id] = replace(
        mine,
        rating_sum=mine.rating_sum + 5 * change.five_star_ratings,
        rating_count=mine.rating_count + change.five_star_ratings,
        answered=mine.answered + unanswered,
    )
    moved = Market(
        market.rating_sum + 5 * change.five_star_ratings,
        market.rating_count + change.five_star_ratings,
        market.answered + unanswered,
        market.mature,
    )
    after = divide(people.values(), moved, pool_cents, rules)
    return Moved(before.parts[seller_id].cents, after.parts[seller_id].cents)


def from_published(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[list[Seller], Market, int, RoyaltyRules]:
    """One period's rows of the published `royalties` table as what `counterfactual` asks for.

    Those who came by late rows alone are left out: they were not there when the period was closed. Raises ValueError
    when there is no row.
    """
    known = [row for row in rows if row["reason"] != "not_known_at_closing"]
    if not known:
        raise ValueError("no royalties of that period")
    sellers = [
        Seller(
            row["seller_id"],
            row["net_sales_cents"],
            row["rating_sum"],
            row["rating_count"],
            row["answered"],
            row["mature"],
            row["is_in_good_standing"],
            row["opening_debit_cents"],
        )
        for row in known
    ]
    first = known[0]
    market = Market(
        first["market_rating_sum"], first["market_rating_count"], first["market_answered"], first["market_mature"]
    )
    pool = Pool(kind="fixed", amount_cents=first["pool_cents"], net_sales_share=Decimal(0))
    rules = RoyaltyRules(pool=pool, **{name: first[name] for name in _RULES})
    return sellers, market, first["pool_cents"], rules
