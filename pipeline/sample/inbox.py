"""The sample as files in an inbox: which exports come in how many deliveries, when, in which format, what is broken.

What belongs here: deliveries. What the rows say is decided by the modules that make them; how a format is written, by
`files`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.errors import UserError
from pipeline.sample import engagement, market, views
from pipeline.sample.clock import (
    BULK_EXPORT,
    CORRECTION_EXPORT,
    DAY,
    EARLIER_EXPORT,
    HOUR,
    local_midnight,
)
from pipeline.sample.conversations import Conversations, Messages, make_conversations
from pipeline.sample.files import Breakage, SampleFile, write_csv, write_json_lines, write_parquet, write_workbook
from pipeline.sample.message_views import REJECTED_MESSAGES, SCHEMA, message_groups
from pipeline.sample.orders import Buyers, Lines, make_orders
from pipeline.sample.reviews import Reviews, make_reviews
from pipeline.sample.small_views import (
    BROKEN_SURVEYS,
    cart_rows,
    improvement_rows,
    subscription_rows,
    survey_rows,
    training_rows,
)
from pipeline.sample.stories import STORIES, Story
from pipeline.sample.training import make_training

_REVIEWS_EARLIER = local_midnight(date(2026, 1, 1)) + 2 * HOUR
#: The second delivery of reviews, sales and messages begins before the first one ended: rows come twice.
_REVIEWS_AGAIN = local_midnight(date(2025, 12, 8))
_SALES_AGAIN = local_midnight(date(2025, 8, 18))
_MESSAGES_AGAIN = local_midnight(date(2025, 9, 17))

_BROKEN_REVIEWS: tuple[Breakage, ...] = (
    (40, {"review_id": "R9000001"}, 1),
    (90, {"review_id": "R9000002", "rating": "7", "scale_max": "5"}, 0),
    (130, {"review_id": "R9000003", "created_at": "31/02/2026"}, 0),
    (170, {"review_id": ""}, 0),
    (210, {"review_id": "R9000005", "status": "approved"}, 0),
)
_BROKEN_SALES: tuple[Breakage, ...] = (
    (60, {"order_line_id": "O9000001-1", "amount_cents": "12,50"}, 0),
    (150, {"order_line_id": "O9000002-1", "status": "lost"}, 0),
    (240, {"order_line_id": "O9000003-1", "qty": "0"}, 0),
    (330, {"order_line_id": "O9000004-1", "currency": "USD"}, 0),
)
_BROKEN_CARTS: tuple[Breakage, ...] = ((75, {"cart_id": "K90000001", "value_cents": "-100"}, 0),)
BROKEN_LINES = len(_BROKEN_REVIEWS) + len(_BROKEN_SALES) + len(_BROKEN_CARTS) + BROKEN_SURVEYS + REJECTED_MESSAGES


@dataclass(frozen=True)
class SampleSummary:
    """What was written: the files in the order of writing, the planted stories, and how many records are broken."""

    inbox: Path
    files: tuple[SampleFile, ...]
    stories: tuple[Story, ...]
    broken_lines: int

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def write_sample(inbox: Path, *, seed: int = 17, scale: float = 1.0) -> SampleSummary:
    """Write the sample marketplace's exports below `inbox`: 2024-10-01 to 2026-03-31, the same bytes for the same seed.

    `scale` multiplies buyers, orders and messages (1: some 46,000 orders and 590,000 messages); sellers, products,
    training and improvements stay as they are. Files of the same names are replaced, others left alone.

    Raises UserError when the scale is not positive, CannotWrite when the files cannot be written.
    """
    if not scale > 0:
        raise UserError(f"a sample's scale must be more than 0, not {scale:g}")
    sellers = market.make_sellers(seed)
    products = market.make_products(seed, sellers)
    buyers, lines = make_orders(seed, scale, sellers, products)
    training, trained_at = make_training(seed, sellers)
    reviews = make_reviews(seed, lines, buyers, sellers, products, trained_at)
    written = [
        *_write_messages(inbox, *make_conversations(seed, scale, lines, buyers, sellers, products, trained_at)),
        *_write_reviews(inbox, reviews, lines),
        *_write_sales(inbox, lines),
        *_write_cast(inbox, sellers, products),
        *_write_surveys(inbox, engagement.make_surveys(seed, lines, training)),
        *_write_the_rest(inbox, seed, lines, buyers, reviews, training),
    ]
    return SampleSummary(inbox, tuple(written), STORIES, BROKEN_LINES)


def _write_messages(inbox: Path, talks: Conversations, messages: Messages) -> list[SampleFile]:
    earlier = np.arange(np.searchsorted(messages.sent, EARLIER_EXPORT))
    later = np.arange(np.searchsorted(messages.sent, _MESSAGES_AGAIN), np.searchsorted(messages.sent, BULK_EXPORT))
    deliveries = (
        ("messages/messages-2024-10-to-2025-09.parquet", earlier, EARLIER_EXPORT, False),
        ("messages/messages-2025-09-to-2026-03.parquet", later, BULK_EXPORT, True),
    )
    return [
        write_parquet(inbox, name, SCHEMA, message_groups(talks, messages, rows, known, broken), known)
        for name, rows, known, broken in deliveries
    ]


def _write_reviews(inbox: Path, reviews: Reviews, lines: Lines) -> list[SampleFile]:
    """Two deliveries that overlap, and a correction: reviews that moderation had held back, and some taken down."""
    every = np.ones(len(reviews), dtype=bool)
    held_back, taken_down = every & False, every & False
    held_back[views.every_nth(reviews.created, local_midnight(date(2026, 2, 10)), BULK_EXPORT - 6 * DAY, 55)] = True
    taken_down[views.every_nth(reviews.created, local_midnight(date(2026, 1, 10)), BULK_EXPORT, 130)] = True
    taken_down &= ~held_back
    earlier = views.reviews_known(reviews, lines, _REVIEWS_EARLIER, every)
    later = views.reviews_known(reviews, lines, BULK_EXPORT, (reviews.created >= _REVIEWS_AGAIN) & ~held_back)
    late = views.reviews_known(reviews, lines, CORRECTION_EXPORT, held_back)
    removed = views.reviews_known(reviews, lines, CORRECTION_EXPORT, taken_down)
    correction = pl.concat([late, removed.with_columns(status=pl.lit("removed"))]).sort("review_id")
    return [
        write_csv(inbox, "reviews/reviews-2024-10-to-2025-12.csv", earlier, _REVIEWS_EARLIER),
        write_csv(inbox, "reviews/reviews-2025-12-to-2026-03.csv", later, BULK_EXPORT, _BROKEN_REVIEWS),
        write_csv(inbox, "reviews/reviews-correction-2026-04-01.csv", correction, CORRECTION_EXPORT),
    ]


def _write_sales(inbox: Path, lines: Lines) -> list[SampleFile]:
    """Two deliveries that overlap, and a correction: some amounts lowered afterwards, some lines simply sent again."""
    every = np.ones(len(lines), dtype=bool)
    corrected, resent = every & False, every & False
    corrected[views.every_nth(lines.ordered, local_midnight(date(2026, 2, 1)), BULK_EXPORT, 170)] = True
    resent[views.every_nth(lines.ordered, local_midnight(date(2026, 3, 1)), BULK_EXPORT, 190)] = True
    resent &= ~corrected
    earlier = views.sales_known(lines, EARLIER_EXPORT, every)
    later = views.sales_known(lines, BULK_EXPORT, lines.ordered >= _SALES_AGAIN)
    # An export that was interrupted and resumed repeats its last page.
    later = pl.concat([later, later.tail(12)])
    lower = (pl.col("amount_cents").cast(pl.Int64) * 9 // 10).cast(pl.String)
    correction = pl.concat(
        [
            views.sales_known(lines, CORRECTION_EXPORT, corrected).with_columns(amount_cents=lower),
            views.sales_known(lines, CORRECTION_EXPORT, resent),
        ]
    ).sort("order_line_id")
    return [
        write_csv(inbox, "sales/order-lines-2024-10-to-2025-09.csv.gz", earlier, EARLIER_EXPORT),
        write_csv(inbox, "sales/order-lines-2025-08-to-2026-03.csv.gz", later, BULK_EXPORT, _BROKEN_SALES),
        write_csv(inbox, "sales/order-lines-correction-2026-04-01.csv", correction, CORRECTION_EXPORT),
        write_csv(inbox, "returns/returns.csv", views.returns_known(lines, BULK_EXPORT), BULK_EXPORT),
    ]


def _write_cast(inbox: Path, sellers: market.Sellers, products: market.Products) -> list[SampleFile]:
    """Sellers as they were half a year before, and as they are; products as they are."""
    earlier, now = (views.sellers_known(sellers, known) for known in (EARLIER_EXPORT, BULK_EXPORT))
    return [
        write_csv(inbox, "sellers/sellers-2025-10-01.csv", earlier, EARLIER_EXPORT),
        write_csv(inbox, "sellers/sellers-2026-04-01.csv", now, BULK_EXPORT),
        write_csv(inbox, "products/products.csv", views.products_known(products, BULK_EXPORT), BULK_EXPORT),
    ]


def _write_surveys(inbox: Path, surveys: dict[str, pl.DataFrame]) -> list[SampleFile]:
    return [
        write_json_lines(inbox, f"surveys/{name}.jsonl", survey_rows(name, frame), BULK_EXPORT)
        for name, frame in surveys.items()
    ]


def _write_the_rest(
    inbox: Path, seed: int, lines: Lines, buyers: Buyers, reviews: Reviews, training: pl.DataFrame
) -> list[SampleFile]:
    carts = engagement.make_carts(seed, lines, len(buyers.language))
    opted = engagement.make_subscriptions(seed, lines)
    # Only initiatives that name a review which every reader can find.
    shown = np.flatnonzero(reviews.status == 0)
    improvements = engagement.make_improvements(
        seed, reviews.seller[shown], reviews.product[shown], reviews.created[shown]
    )
    return [
        write_csv(inbox, "carts/carts.csv.zst", cart_rows(carts), BULK_EXPORT, _BROKEN_CARTS),
        write_csv(inbox, "training/training.csv", training_rows(training), BULK_EXPORT),
        write_workbook(inbox, "improvements/improvements.xlsx", improvement_rows(improvements, shown), BULK_EXPORT),
        write_csv(inbox, "subscriptions/subscriptions.csv", subscription_rows(opted), BULK_EXPORT),
    ]
