"""Page 5: what sellers earn and how they answer. The royalty pool to the cent, the largest shares, both ends of
response.

What belongs here: the choice and order of the page's figures. Allocating the pool is the work of
`pipeline.analyses.royalties`; nothing is recomputed here but sums of what it allocated, which must come out to the
cent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.figures.customers import entity_name
from pipeline.figures.expertise import moves_table, status_table
from pipeline.figures.measures import interval_mark, value_cell
from pipeline.figures.model import Bar, BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import (
    THIN,
    capital,
    change,
    count,
    money,
    name,
    number,
    plural,
    scale_of,
    with_unit,
)
from pipeline.figures.pages import SellersPage
from pipeline.figures.published import Published, Value
from pipeline.figures.trends import month_columns
from pipeline.figures.wording import big_number, not_measured, page_message, period_name, scale_for
from pipeline.periods import parse

SALES_METRICS = ("net_sales", "orders", "average_order_value", "active_buyers", "new_buyers")
SALES_ROWS = {
    "orders": "Orders",
    "average_order_value": "Average order value",
    "active_buyers": "Active buyers",
}
TOP_SELLERS, TOP_SELLERS_BESIDE_EXPERTISE = 10, 8
POOL_ROWS = 6  # of the pool and of the sellers without a share; beside Expertise each more costs a seller's row
RESPONSE_ROWS, RESPONSE_ROWS_BESIDE_EXPERTISE = 5, 3
FEWEST_REVIEWS = 10

#: Why a seller takes no part in the pool, in words.
INELIGIBLE = {
    "too_few_ratings": "too few ratings in the last twelve months",
    "no_net_sales": "no net sales in the period",
    "not_in_good_standing": "account not in good standing",
    "not_known_at_closing": "not known when the period was closed",
}


@dataclass(frozen=True)
class Share:
    """What one seller gets of the pool, and the factors it comes from; money in cents."""

    seller_id: str
    rank: int
    reason: str | None
    base: int
    mean: Decimal | None
    ratings: int
    quality: Decimal | None
    response: Decimal | None
    engagement: Decimal | None
    share: Decimal
    allocation: int
    payout: int
    carried: int
    is_provisional: bool


def sellers_page(published: Published) -> SellersPage | None:
    """The page, or None when there are neither sales nor royalties in the month."""
    shares, pool, period_id = _shares(published)
    sales = published.at("net_sales")
    if not shares and (sales is None or sales.value is None):
        return None
    statuses, moves = status_table(published), moves_table(published)
    has_expertise = statuses is not None or moves is not None
    response_rows = RESPONSE_ROWS_BESIDE_EXPERTISE if has_expertise else RESPONSE_ROWS
    is_shared = pool != 0 or any(share.allocation for share in shares)
    reconciliation = _reconciliation(published, shares, pool, period_id) if is_shared else None
    ineligible = _ineligible(shares)
    top_sellers = TOP_SELLERS
    if has_expertise:
        pool_rows = sum(len(table.rows) for table in (reconciliation, ineligible) if table)
        top_sellers = TOP_SELLERS_BESIDE_EXPERTISE - max(0, pool_rows - POOL_ROWS)
    return SellersPage(
        message=_message(published, shares, pool, period_id),
        number=_number(published, shares, pool),
        reconciliation=reconciliation,
        royalties=_royalties(published, shares, top_sellers) if is_shared else None,
        ineligible=ineligible,
        fastest=_response(published, response_rows, best=True),
        slowest=_response(published, response_rows, best=False),
        statuses=statuses,
        moves=moves,
        sales=month_columns(published, "net_sales", _sales_title(published), SALES_ROWS, outlined=False),
        not_measured=not_measured(published, (*SALES_METRICS, "royalty_pool")),
    )


def _shares(published: Published) -> tuple[list[Share], int, str]:
    """The sellers' shares of the month's pool, or of the quarter's when the month closes it and quarters are paid."""
    if not published.has("royalties"):
        return [], 0, ""
    rows = published.rows(
        """select r.period_id, r.pool_cents, r.seller_id, r.rank, r.reason, r.base_cents, r.bayes_mean, r.rating_count,
            r.quality, r.response_share, r.engagement, r.share, r.allocation_cents, r.payout_cents,
            r.carried_cents, r.closed_as_of is null
        from royalties as r join periods as p using (period_id)
        where p.period_end = $end and p.period_type in ('month', 'quarter')
        order by p.period_type, r.rank""",
        end=published.period.end,
    )
    if not rows:
        return [], 0, ""
    period_id, pool = rows[0][0], int(rows[0][1])
    return [Share(*row[2:]) for row in rows if row[0] == period_id], pool, period_id


def _paid(shares: list[Share]) -> int:
    return sum(share.payout for share in shares)


def _message(published: Published, shares: list[Share], pool: int, period_id: str) -> Sentence:
    if not shares:
        return page_message(published, SALES_METRICS, "net_sales")[0]
    if not any(share.allocation for share in shares):
        label = parse(period_id, published.period.fiscal_year_start_month).label
        return Sentence(f"No royalties for {label}: none of {plural(len(shares), 'seller')} has a share.", "royalties")
    paid = [share for share in shares if share.payout > 0]
    currency = published.run.currency
    text = (
        f"{count(len(paid))} of {plural(len(shares), 'seller')} {'is' if len(paid) == 1 else 'are'} paid "
        f"{money(_paid(shares), currency)} at the closing of "
        f"{parse(period_id, published.period.fiscal_year_start_month).label}"
    )
    largest = sorted((share.allocation for share in shares), reverse=True)
    if pool and len(paid) > TOP_SELLERS:
        part = Decimal(sum(largest[:TOP_SELLERS])) / pool * 100
        text += f"; the ten largest shares are {number(part, 1)}{THIN}% of the pool"
    return Sentence(f"{text}.", "royalties")


def _number(published: Published, shares: list[Share], pool: int) -> BigNumber | None:
    if not any(share.allocation for share in shares):
        return big_number(published, "net_sales")
    currency = published.run.currency
    held = sum(share.carried for share in shares if share.carried > 0)
    line = f"Royalties paid · pool {money(pool, currency)} · held back {money(held, currency)}"
    released = -sum(share.carried for share in shares if share.carried < 0 and share.payout)
    if released:
        line += f" · held back before, paid now {money(released, currency)}"
    sales = published.at("net_sales")
    if sales and sales.value is not None:
        line += f" · net sales {with_unit(sales.value, scale_for(published, 'net_sales'))}"
    return BigNumber(money(_paid(shares)), currency, line)


def _reconciliation(published: Published, shares: list[Share], pool: int, period_id: str) -> Table:
    """Pool = paid + held back - released, to the cent. A correction of an earlier period moves money between accounts:
    it shows where an account falls without a payout."""
    paid = [share.payout for share in shares if share.payout]
    held = [share.carried for share in shares if share.carried > 0]
    released = [share.carried for share in shares if share.carried < 0 and share.payout]
    taken = [share.carried for share in shares if share.carried < 0 and not share.payout]
    parts = (
        ("Paid out", paid),
        ("Held back, too small to pay", held),
        ("Held back before, paid now", released),
        ("Taken back by corrections", taken),
    )
    lines = [
        Row((Cell(part), Cell(money(sum(cents))), Cell(count(len(cents)))))
        for part, cents in parts
        if cents or part == "Paid out"
    ]
    difference = pool - sum(sum(cents) for _, cents in parts)
    if difference:
        lines.append(Row((Cell("▼ Not accounted for", tone="bad"), Cell(money(difference)), Cell(""))))
    lines.append(Row((Cell(f"Pool of {period_id}"), Cell(money(pool), tone="strong"), Cell("")), is_total=True))
    columns = (
        Column("Part", "name"),
        Column(published.run.currency, "number", "24mm", 2),
        Column("Sellers", "number", "14mm"),
    )
    foot = "" if difference else "The pool reconciles to the cent."
    if any(share.is_provisional for share in shares):
        foot = f"{foot} Provisional: the period is not closed.".strip()
    return Table("The royalty pool", columns, tuple(lines), foot=foot)


def _royalties(published: Published, shares: list[Share], most: int) -> Table:
    """The largest payouts with the factors they come from, and what the rest sum to."""
    receiving = [share for share in shares if share.allocation > 0]
    top = receiving[:most]
    largest = max((share.allocation for share in top), default=0) or 1
    rows = []
    for share in top:
        part = share.share * 100
        rows.append(
            Row(
                (
                    Cell(entity_name(published, "seller", share.seller_id)),
                    Cell(number(Decimal(share.base) / 100, 0)),
                    Cell(_decimal(share.mean, 2)),
                    Cell(count(share.ratings)),
                    Cell(_decimal(share.quality, 3)),
                    Cell(_decimal(share.engagement, 3)),
                    Cell(number(part, 2)),
                    Cell(money(share.allocation), tone="strong"),
                    Cell("", mark=Bar(share.allocation / largest, f"{number(part, 2)} % of the pool")),
                )
            )
        )
    rest = receiving[most:]
    if rest:
        rest_sum = sum(share.allocation for share in rest)
        blank = Cell("")
        rows.append(
            Row(
                (
                    Cell(plural(len(rest), "more seller")),
                    Cell(number(Decimal(sum(share.base for share in rest)) / 100, 0)),
                    blank,
                    Cell(count(sum(share.ratings for share in rest))),
                    blank,
                    blank,
                    Cell(number(sum((share.share for share in rest), Decimal(0)) * 100, 2)),
                    Cell(money(rest_sum)),
                    blank,
                )
            )
        )
    total = sum(share.allocation for share in receiving)
    rows.append(
        Row(
            (
                Cell(f"{plural(len(receiving), 'seller')} with a share"),
                Cell(number(Decimal(sum(share.base for share in receiving)) / 100, 0)),
                Cell(""),
                Cell(count(sum(share.ratings for share in receiving))),
                Cell(""),
                Cell(""),
                Cell(number(sum((share.share for share in receiving), Decimal(0)) * 100, 2)),
                Cell(money(total), tone="strong"),
                Cell(""),
            ),
            is_total=True,
        )
    )
    columns = (
        Column("Seller", "name", "42mm"),
        Column(f"Net sales {published.run.currency}", "number", "22mm"),
        Column("Adj. rating", "number", "17mm", 2),
        Column("Ratings", "number", "13mm"),
        Column("Quality", "number", "14mm", 3),
        Column("Engagement", "number", "18mm", 3),
        Column("Share %", "number", "14mm", 2),
        Column(f"Royalty {published.run.currency}", "number", "22mm", 2),
        Column("", "mark"),
    )
    engagement = (
        "one half plus half of the share answered within 48 hours"
        if any(share.response is not None for share in top)
        else "the same for all, as no answers are measured"
    )
    foot = (
        "Share by net sales × quality × engagement: quality is the adjusted rating of twelve months from 0 to 1, "
        f"engagement {engagement}."
    )
    if rest:
        foot = f"{plural(len(rest), 'more seller')}, summing to {money(rest_sum)}; total reconciles. {foot}"
    return Table("Royalties by seller", columns, tuple(rows), foot=foot)


def _decimal(value: Decimal | None, digits: int) -> str:
    return "–" if value is None else number(value, digits)


def _ineligible(shares: list[Share]) -> Table | None:
    reasons = Counter(share.reason for share in shares if share.reason)
    if not reasons:
        return None
    rows = tuple(
        Row((Cell(capital(INELIGIBLE.get(reason, name(reason.replace("_", " "))))), Cell(count(sellers))))
        for reason, sellers in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    )
    return Table("Sellers without a share", (Column("Reason", "name"), Column("Sellers", "number", "16mm")), rows)


def _response(published: Published, most: int, *, best: bool) -> Table | None:
    """The sellers who answer the most, or the fewest, reviews within 48 hours; None with too few to tell apart."""
    values = {
        key: value
        for key, value in published.entities("review_response_48h", "seller").items()
        if value.value is not None and (value.denominator or 0) >= FEWEST_REVIEWS
    }
    if len(values) < 2 * RESPONSE_ROWS:
        return None
    scale = scale_of("share", "")

    def place(key: str) -> tuple[float, float, str]:
        """Ranked by the interval's cautious end, so that few cases do not lead either list."""
        value = values[key]
        bound = (value.low if best else value.high) or 0.0
        return (-bound if best else bound, -(value.denominator or 0), key)

    before = published.entities("review_response_48h", "seller", published.period.previous.id)
    shown = sorted(values, key=place)[:most]
    rows = tuple(_response_row(published, key, values[key], before.get(key)) for key in shown)
    columns = (
        Column("Seller", "name"),
        Column("%", "number", "11mm", scale.digits),
        Column("n", "number", "7mm"),
        Column(f"Δ {period_name(published, published.period.previous.id)[:3]} pp", "number", "13mm", 1),
        Column("0 to 100 %", "mark", "18mm"),
    )
    end = "Highest" if best else "Lowest"
    sellers = f"{plural(len(values), 'seller')} with n ≥ {FEWEST_REVIEWS}"
    foot = f"By the interval's {'lower' if best else 'upper'} end; {sellers}"
    if any(key in before and before[key].value is not None for key in shown):
        foot += f"; ring: {period_name(published, published.period.previous.id)}"
    return Table(f"{end} shares of reviews answered in 48 h", columns, rows, foot=f"{foot}.")


def _response_row(published: Published, key: str, value: Value, before: Value | None) -> Row:
    scale = scale_of("share", "")
    return Row(
        (
            Cell(entity_name(published, "seller", key)),
            replace(value_cell("review_response_48h", value, scale, scope="seller"), tone="strong"),
            Cell(count(value.denominator or 0), figure=value.key("review_response_48h", "seller", "denominator")),
            Cell(change(value.value, before.value if before else None, scale)),
            Cell("", mark=interval_mark(value, before, 0.0, 1.0, scale)),
        )
    )


def _sales_title(published: Published) -> str:
    scale = scale_for(published, "net_sales")
    return f"Net sales by month, {scale.unit}"
