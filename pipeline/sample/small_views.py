"""The smaller exports as their files have them: surveys, carts, training, improvements, subscriptions.

What belongs here: one function an export, each giving a Polars frame with exactly the contract's columns, all strings
where the file is CSV. The larger exports: `views` and `message_views`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.sample.clock import LOCAL_OFFSET, Integers
from pipeline.sample.training import COURSES
from pipeline.sample.views import ident, label, local_text, product_ident, seller_ident

BROKEN_SURVEYS = 1


def survey_rows(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    by_role = pl.when(pl.col("role") == "buyer").then(ident("B", pl.col("respondent")))
    number = pl.int_range(pl.len())
    rows = frame.select(
        response_id=ident({"experience": "Q", "website": "W", "education": "E"}[name], number),
        respondent_id=by_role.otherwise(seller_ident("respondent")),
        role="role",
        instrument="instrument",
        score="score",
        scale_min="scale_min",
        scale_max="scale_max",
        answered_at=_utc_text("answered"),
        touchpoint="touchpoint",
        order_id=ident("O", pl.col("order")),
        comment=pl.when((pl.col("score") <= 2) & (number % 3 == 0)).then(pl.lit("Please call me back.")),
        invited_at=_utc_text("invited"),
    )
    if name != "experience":
        return rows
    # One answer claims eleven out of ten.
    broken = rows.filter(pl.col("scale_max") == 10).head(BROKEN_SURVEYS)
    return pl.concat([rows, broken.with_columns(response_id=pl.lit("Q9000001"), score=pl.lit(11, dtype=pl.Int64))])


def _utc_text(column: str) -> pl.Expr:
    return pl.from_epoch(column).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def cart_rows(carts: pl.DataFrame) -> pl.DataFrame:
    return carts.select(
        cart_id=ident("K", pl.int_range(pl.len()), 8),
        buyer_or_session=pl.when("is_session")
        .then(ident("V", pl.int_range(pl.len()), 8))
        .otherwise(ident("B", pl.col("buyer"))),
        created_at=local_text("created"),
        last_activity_at=local_text("touched"),
        value_cents=pl.col("value_cents").cast(pl.String),
        order_id=ident("O", pl.col("order")),
        checkout_started_at=local_text("checkout"),
    )


def training_rows(training: pl.DataFrame) -> pl.DataFrame:
    return training.select(
        seller_id=seller_ident("seller"),
        course_id=label("course", COURSES),
        event="event",
        at=local_text("at"),
        duration=pl.col("duration").cast(pl.String),
        satisfaction=pl.col("satisfaction").cast(pl.String),
    )


def improvement_rows(improvements: pl.DataFrame, shown: Integers) -> pl.DataFrame:
    first, second = (
        np.where(positions >= 0, shown[np.maximum(positions, 0)], -1)
        for positions in (improvements["review"].to_numpy(), improvements["review_2"].to_numpy())
    )
    reviews = [ident("R", pl.col("first")), ident("R", pl.col("second"))]
    return improvements.with_columns(first=first, second=second).select(
        initiative_id=ident("I", pl.int_range(pl.len()), 5),
        seller_id=seller_ident("seller"),
        source="source",
        status="status",
        shipped_at=pl.from_epoch(pl.col("shipped") + LOCAL_OFFSET),
        review_ids=pl.concat_str(reviews, separator=";", ignore_nulls=True).replace("", None),
        product_id=product_ident("product"),
    )


def subscription_rows(opted: pl.DataFrame) -> pl.DataFrame:
    return opted.select(buyer_id=ident("B", pl.col("buyer")), event="event", at=local_text("at"))
