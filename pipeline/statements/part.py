"""A seller's part of the pool on a statement: from net sales by factors and share to the cents.

What belongs here: the lines of it and their wording, for one paid period with its formulas or for several side by side,
and with how many decimals a share is printed. What becomes of the part is `royalty.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.figures.numbers import MISSING, THIN, capital, count, money, number, plural, rounded
from pipeline.statements.model import Line
from pipeline.statements.reading import Facts, Paid, Row

PERCENT = f"{THIN}%"
NOT_KNOWN = "not_known_at_closing"
#: Of money, before it is rounded to the cent.
QUOTA_DIGITS = 4
#: Of per cent: further a published share does not go.
MOST_SHARE_DIGITS = 13


def part_explained(facts: Facts, row: Row) -> tuple[Line, ...]:
    """The lines of one paid period, each with how it came about."""
    if row["reason"] == NOT_KNOWN:
        return (Line("Part of the pool", ("", money(row["allocation_cents"])), kind="sum"),)
    lines = [Line("Net sales", ("", money(row["net_sales_cents"])), "Completed orders less refunds, by day of order")]
    if row["opening_debit_cents"]:
        lines += [
            Line("Refunds brought forward", ("", money(row["opening_debit_cents"])), "Refunds above earlier sales"),
            Line("Net sales that count", ("", money(row["base_cents"]))),
        ]
    if not row["reason"]:
        lines += _factors(row, facts.paid[row["period_id"]])
    lines.append(Line("Part of the pool", ("", money(row["allocation_cents"])), _part_how(facts, row), "sum"))
    return tuple(lines)


def _factors(row: Row, paid: Paid) -> list[Line]:
    """Quality, engagement, weight, share, quota: only a seller who takes part has them."""
    mean = Decimal(row["rating_sum"]) / row["rating_count"]
    market_mean = Decimal(row["market_rating_sum"]) / row["market_rating_count"]
    quality = (
        f"(B − 1) ÷ 4, where B {number(row['bayes_mean'], 2)} is the mean of {plural(row['rating_count'], 'rating')} "
        f"in 12 months ({number(mean, 2)}) and {row['prior_ratings']} more at the marketplace’s "
        f"{number(market_mean, 2)}"
    )
    engagement = "Whole: no reviews or inquiries were due in the marketplace, or none are measured"
    if row["response_share"] is not None:
        market_share = Decimal(row["market_answered"]) / row["market_mature"] * 100
        engagement = (
            f"½ + ½ × {number(row['response_share'] * 100, 1)}{PERCENT}: {count(row['answered'])} of "
            f"{count(row['mature'])} answered in 48 h, and {row['prior_responses']} more at the marketplace’s "
            f"{number(market_share, 1)}{PERCENT}"
        )
    return [
        Line("× Quality", (_factor(row["quality"], 6), ""), quality),
        Line("× Engagement", (_factor(row["engagement"], 6), ""), engagement),
        Line("= Weight", ("", number(row["weight"] / 100, 2)), "Net sales × quality × engagement"),
        _share_line(row, paid),
    ]


def _share_line(row: Row, paid: Paid) -> Line:
    """The share that the next line multiplies: where the cap holds others, that of the weights below it."""
    if _is_of_the_rest(row, paid):
        share = printed_share(row["weight"] / paid.rest_weight, paid.rest_cents, row["quota_cents"])
        below = plural(paid.rest_takers, "seller")
        return Line("Share below the cap", (f"{share}{PERCENT}", ""), f"Of the weights of {below} below the cap")
    share = printed_share(row["share"], row["pool_cents"], row["quota_cents"])
    takers = plural(paid.takers, "seller")
    return Line("Share of all weights", (f"{share}{PERCENT}", ""), f"Of those of {takers} taking part")


def _is_of_the_rest(row: Row, paid: Paid) -> bool:
    """Whether it is paid out of what the cap leaves. With equal parts for all nothing is left, and nobody is."""
    return paid.is_anyone_capped and paid.rest_weight > 0 and not row["is_capped"]


def _part_how(facts: Facts, row: Row) -> str:
    """How the share became cents of the pool."""
    paid, pool = facts.paid[row["period_id"]], f"pool of {money(row['pool_cents'], facts.currency)}"
    if row["reason"]:
        return f"None of the {pool}: see the conditions"
    if row["is_capped"]:
        return f"{capital(cap_words(row))} of the {pool}"
    shared = pool
    if _is_of_the_rest(row, paid):
        shared = f"{money(paid.rest_cents, facts.currency)}, which the cap leaves of the {pool}"
    exact = number(row["quota_cents"] / 100, QUOTA_DIGITS)
    return f"Share × {shared}: {exact}, rounded {'up' if row['rounding_cents'] else 'down'}"


def printed_share(share: Decimal, pool_cents: int, quota_cents: Decimal) -> str:
    """The share in per cent, with so many decimals that it times the pool is the quota to the quota's last decimal.

    A share rounded to d decimals of per cent is off by at most half of 10^-(d + 2), and its product by as much of the
    pool. A pool of n digits before the point is less than 10^n, so that from d = n + QUOTA_DIGITS - 2 on the product is
    off by less than half of its last decimal. Rounding it can still tip that decimal: then a digit more is printed.
    """
    least = min(len(str(pool_cents // 100)) + QUOTA_DIGITS - 2, MOST_SHARE_DIGITS)
    quota = rounded(quota_cents / 100, QUOTA_DIGITS)
    for digits in range(least, MOST_SHARE_DIGITS + 1):
        product = rounded(share * 100, digits) * pool_cents / 10_000
        if rounded(product, QUOTA_DIGITS) == quota:
            return number(share * 100, digits)
    # The cap made the quota, and no product does.
    return number(share * 100, least)


def cap_words(row: Row) -> str:
    """How a capped part came about. With too few sellers to use up the pool the limit is the equal part."""
    share = row["cap_share"] * 100
    cap = f"{number(share, 0 if share == int(share) else 2)}{PERCENT}"
    if row["allocation_cents"] > int(row["cap_share"] * row["pool_cents"]):
        return f"the equal part, since {cap} for each would not use up the whole"
    return f"held at the cap of {cap}"


def _factor(factor: Decimal | None, digits: int) -> str:
    """`0.841263`: on the scale on which the reports print it."""
    return "" if factor is None else number(factor, digits)


#: The lines of a statement of several paid periods, and whether a sum over them has a meaning.
_BY_PERIOD = (
    ("Net sales", "net_sales_cents", True),
    ("Refunds brought forward", "opening_debit_cents", False),
    ("× Quality", "quality", False),
    ("× Engagement", "engagement", False),
    ("= Weight", "weight", False),
    ("Share of all weights, %", "share", False),
)


def part_by_period(facts: Facts, rows: Sequence[Row]) -> tuple[Line, ...]:
    """The lines of several paid periods, a column for each and one for their sum."""
    by_period = {row["period_id"]: row for row in rows}
    lines = []
    for label, column, is_additive in _BY_PERIOD:
        if column == "opening_debit_cents" and not any(row[column] for row in rows):
            continue
        if not column.endswith("_cents") and all(row["reason"] for row in rows):
            continue
        numbers = [_cell(by_period.get(paid), column) for paid in facts.paid]
        total = sum(row[column] for row in rows) if is_additive else None
        lines.append(Line(label, (*numbers, "" if total is None else money(total))))
    pools = [paid.pool_cents for paid in facts.paid.values()]
    lines.append(Line("Pool", tuple(money(cents) for cents in (*pools, sum(pools)))))
    parts = [_cell(by_period.get(paid), "allocation_cents") for paid in facts.paid]
    total = sum(row["allocation_cents"] for row in rows)
    return (*lines, Line("Part of the pool", (*parts, money(total)), kind="sum"))


def _cell(row: Row | None, column: str) -> str:
    """A number of one paid period: money, a factor or a share in per cent; blank where the seller had none."""
    if row is None or row[column] is None:
        return ""
    if column.endswith("_cents"):
        return money(row[column])
    if row["reason"]:
        return MISSING
    if column in ("quality", "engagement"):
        return _factor(row[column], 4)
    if column == "share":
        return printed_share(row["share"], row["pool_cents"], row["quota_cents"])
    return number(row["weight"] / 100, 2)
