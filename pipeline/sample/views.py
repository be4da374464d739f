"""The truth as an export knows it at an instant: later facts are empty, numbers become ids, instants become text.

What belongs here: reviews, sales, returns, sellers and products, each as a Polars frame with exactly the contract's
columns, all strings. Smaller exports: `small_views`; messages: `message_views`; which files there are: `inbox`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.sample import market
from pipeline.sample.clock import DAY, LOCAL_OFFSET, NEVER, Booleans, Integers, Seconds
from pipeline.sample.orders import FAULTS, LANGUAGES, RETURN_REASONS, Lines
from pipeline.sample.reviews import AUTHORS, STATUSES, Reviews

_CANCELLERS = ("buyer", "seller", "platform")
#: A review that was taken down stood for this long; one that waits for a moderator waits this long.
_REMOVED_AFTER, _PENDING_FOR = 20 * DAY, 3 * DAY
_COMPLETED_AFTER = 14 * DAY


def ident(prefix: str, number: pl.Expr, width: int = 7) -> pl.Expr:
    """ "S" and 7 → "S0000008": ids count from 1; a negative or missing number has none."""
    return pl.when(number >= 0).then(pl.lit(prefix) + (number.cast(pl.Int64) + 1).cast(pl.String).str.zfill(width))


def seller_ident(column: str) -> pl.Expr:
    return ident("S", pl.col(column), 4)


def product_ident(column: str) -> pl.Expr:
    return ident("P", pl.col(column), 5)


def local_text(column: str, known: int | None = None, offset: bool = False) -> pl.Expr:
    """Local time as text, null for what had not happened at `known`; with `offset`, ISO 8601 with +02:00."""
    second = pl.col(column)
    happened = pl.when(second < (NEVER if known is None else known)).then(second + LOCAL_OFFSET)
    return pl.from_epoch(happened).dt.strftime("%Y-%m-%dT%H:%M:%S+02:00" if offset else "%Y-%m-%d %H:%M:%S")


def label(column: str, names: tuple[str, ...]) -> pl.Expr:
    return pl.col(column).replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.String)


def flag(column: str) -> pl.Expr:
    return pl.when(pl.col(column)).then(pl.lit("true")).otherwise(pl.lit("false"))


def reviews_known(reviews: Reviews, lines: Lines, known: int, rows: Booleans) -> pl.DataFrame:
    """Those of the reviews in `rows` (one flag a review) that were written before `known`, as they stood then."""
    chosen = np.flatnonzero(rows & (reviews.created < known))
    created, line, status = reviews.created[chosen], reviews.line[chosen], reviews.status[chosen].copy()
    status[(status == STATUSES.index("pending")) & (created < known - _PENDING_FOR)] = 0
    status[(status == STATUSES.index("removed")) & (created >= known - _REMOVED_AFTER)] = 0
    edited, rating = reviews.edited[chosen], reviews.rating[chosen]
    # Before its edit, a review was a star worse: sellers put things right.
    rating = np.where((edited < NEVER) & (edited >= known), np.maximum(rating - 1, 1), rating)
    answered = reviews.responded[chosen] < known
    frame = pl.DataFrame(
        {
            "number": chosen, "product": reviews.product[chosen], "seller": reviews.seller[chosen],
            "buyer": reviews.buyer[chosen], "rating": rating, "scale_max": reviews.scale_max[chosen],
            "created": created, "status": status,
            "order": np.where(line >= 0, lines.order[line], -1), "line": lines.line_of_order[line],
            "text": reviews.text.gather(chosen), "language": reviews.language[chosen], "verified": line >= 0,
            "edited": edited, "responded": reviews.responded[chosen], "answered": answered,
            "response": reviews.response_text.gather(chosen), "author": reviews.author[chosen],
            "incentivised": reviews.is_incentivised[chosen],
        }
    )  # fmt: skip
    return frame.select(
        review_id=ident("R", pl.col("number")),
        product_id=product_ident("product"),
        seller_id=seller_ident("seller"),
        buyer_id=ident("B", pl.col("buyer")),
        rating=pl.col("rating").cast(pl.String),
        scale_max=pl.col("scale_max").cast(pl.String),
        created_at=local_text("created"),
        status=label("status", STATUSES),
        order_line_id=line_ident(),
        order_id=ident("O", pl.col("order")),
        text="text",
        language=label("language", LANGUAGES),
        verified=flag("verified"),
        edited_at=local_text("edited", known),
        response_at=local_text("responded", known),
        response_text=pl.when("answered").then(pl.col("response")),
        response_author_role=pl.when("answered").then(label("author", AUTHORS)),
        incentivised=flag("incentivised"),
    )


def line_ident() -> pl.Expr:
    """The order line's id, from its columns `order` and `line`."""
    return ident("O", pl.col("order")) + "-" + (pl.col("line") + 1).cast(pl.String)


def sales_known(lines: Lines, known: int, rows: Booleans) -> pl.DataFrame:
    """Those of the lines in `rows` that were ordered before `known`, as they stood then."""
    chosen = np.flatnonzero(rows & (lines.ordered < known))
    whole = lines.returned_quantity == lines.quantity
    happened = [
        (lines.cancelled < known, "cancelled"),
        (whole & (lines.refunded < known) & (lines.refund_cents > 0), "refunded"),
        (lines.delivered < known - _COMPLETED_AFTER, "completed"),
        (lines.delivered < known, "delivered"),
        (lines.shipped < known, "shipped"),
        (lines.paid < known, "paid"),
    ]
    status = np.select([flags[chosen] for flags, _ in happened], [name for _, name in happened], "pending")
    frame = pl.DataFrame(
        {
            "order": lines.order[chosen], "line": lines.line_of_order[chosen], "product": lines.product[chosen],
            "category": lines.category[chosen], "seller": lines.seller[chosen], "buyer": lines.buyer[chosen],
            "quantity": lines.quantity[chosen], "amount": lines.amount_cents[chosen],
            "discount": lines.discount_cents[chosen], "shipping": lines.shipping_cents[chosen],
            "ordered": lines.ordered[chosen], "promised": lines.promised[chosen], "shipped": lines.shipped[chosen],
            "delivered": lines.delivered[chosen], "cancelled": lines.cancelled[chosen],
            "canceller": lines.cancelled_by[chosen], "status": status,
        }
    )  # fmt: skip
    return frame.select(
        order_id=ident("O", pl.col("order")),
        order_line_id=line_ident(),
        product_id=product_ident("product"),
        category=label("category", market.CATEGORIES),
        seller_id=seller_ident("seller"),
        buyer_id=ident("B", pl.col("buyer")),
        qty=pl.col("quantity").cast(pl.String),
        amount_cents=pl.col("amount").cast(pl.String),
        currency=pl.lit("ZAR"),
        ordered_at=local_text("ordered", offset=True),
        status="status",
        discount_cents=pl.col("discount").cast(pl.String),
        tax_cents=(pl.col("amount") * 15 // 115).cast(pl.String),
        shipping_cents=pl.col("shipping").cast(pl.String),
        promised_at=local_text("promised", offset=True),
        shipped_at=local_text("shipped", known, offset=True),
        delivered_at=local_text("delivered", known, offset=True),
        cancelled_at=local_text("cancelled", known, offset=True),
        cancelled_by=pl.when(pl.col("cancelled") < known).then(label("canceller", _CANCELLERS)),
    )


def returns_known(lines: Lines, known: int) -> pl.DataFrame:
    """Returns opened before `known`, in the order in which they were opened."""
    chosen = np.flatnonzero(lines.returned < known)
    chosen = chosen[np.argsort(lines.returned[chosen], kind="stable")]
    refunded = lines.refunded[chosen]
    frame = pl.DataFrame(
        {
            "number": np.arange(len(chosen)), "order": lines.order[chosen], "line": lines.line_of_order[chosen],
            "quantity": lines.returned_quantity[chosen],
            "refund": np.where(refunded < known, lines.refund_cents[chosen], 0),
            "opened": lines.returned[chosen], "refunded": refunded,
            "reason": lines.return_reason[chosen], "fault": lines.return_fault[chosen],
        }
    )  # fmt: skip
    return frame.select(
        return_id=ident("T", pl.col("number"), 6),
        order_line_id=line_ident(),
        qty=pl.col("quantity").cast(pl.String),
        refund_cents=pl.col("refund").cast(pl.String),
        opened_at=local_text("opened"),
        refunded_at=local_text("refunded", known),
        reason=label("reason", RETURN_REASONS),
        at_fault=label("fault", FAULTS),
    )


def sellers_known(sellers: market.Sellers, known: int) -> pl.DataFrame:
    """Sellers who had joined by `known`, with their status then."""
    frame = pl.DataFrame(
        {
            "number": np.arange(len(sellers.joined)), "joined": sellers.joined, "closed": sellers.closed,
            "suspended": sellers.suspended, "name": sellers.name, "country": sellers.country,
        }
    ).filter(pl.col("joined") < known)  # fmt: skip
    status = pl.when(pl.col("closed") < known).then(pl.lit("closed"))
    return frame.select(
        seller_id=seller_ident("number"),
        joined_at=local_text("joined"),
        status=status.when(pl.col("suspended") < known).then(pl.lit("suspended")).otherwise(pl.lit("active")),
        name="name",
        country=label("country", market.COUNTRIES),
    )


def products_known(products: market.Products, known: int) -> pl.DataFrame:
    """Products listed by `known`; one in forty of those on offer is paused."""
    frame = pl.DataFrame(
        {
            "number": np.arange(len(products.created)), "created": products.created, "ended": products.ended,
            "category": products.category, "name": products.name, "seller": products.seller,
        }
    ).filter(pl.col("created") < known)  # fmt: skip
    status = pl.when(pl.col("ended") < known).then(pl.lit("ended")).when(pl.col("number") % 40 == 39)
    return frame.select(
        product_id=product_ident("number"),
        created_at=local_text("created"),
        status=status.then(pl.lit("paused")).otherwise(pl.lit("live")),
        category=label("category", market.CATEGORIES),
        name="name",
        seller_id=seller_ident("seller"),
    )


def every_nth(instants: Seconds, begins: int, ends: int, step: int) -> Integers:
    """The positions of every `step`-th of those that happened in [begins, ends)."""
    return np.flatnonzero((instants >= begins) & (instants < ends))[step - 1 :: step]
