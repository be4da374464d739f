"""What the office asks and sees: surveys, carts, product improvements, subscriptions.

What belongs here: the smaller exports as they happened, each a Polars frame with instants as seconds (null when it
never happened) and numbers in place of ids. How files have them: `small_views`.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipeline.sample import stories
from pipeline.sample.clock import (
    BULK_EXPORT,
    DAY,
    DAYS,
    END,
    HOUR,
    LOCAL_OFFSET,
    QUARTER_STARTS,
    START,
    Booleans,
    Integers,
    Seconds,
    after,
    by_daylight,
    local_midnight,
    stream,
    time_of_day,
)
from pipeline.sample.market import SELLERS
from pipeline.sample.orders import Lines

TOUCHPOINTS = ("product", "delivery", "support", "ui", "returns")
_CSAT = np.array([0.86, 0.85, 0.8, 0.88])
#: How many initiatives ship in each quarter: a plan, not an accident.
_SHIPPED_INITIATIVES = (62, 71, 77, 86, 100, 118)


def make_surveys(seed: int, lines: Lines, training: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Answers by file: "experience" (NPS 0–10, CSAT, CES), "website" (NPS 1–10) and "education" (sellers)."""
    random = stream(seed, "surveys")
    arrived = np.flatnonzero(lines.delivered < END - DAY)
    late = lines.delivered > lines.promised
    nps_of, site_of = _some(random, arrived, 0.106), _some(random, arrived, 0.019)
    frames = [_answers(random, lines, nps_of, "nps", 0, 10, _nps(random, lines.delivered[nps_of], late[nps_of]), None)]
    for number, touchpoint in enumerate(TOUCHPOINTS[:4]):
        asked = _some(random, arrived, 0.021)
        chance = _CSAT[number] - (0.45 if touchpoint == "delivery" else 0.06) * late[asked]
        chance = chance + 0.02 * (lines.delivered[asked] - START) / (END - START)
        pleased = random.random(len(asked)) < chance
        happy = random.choice(np.array([4, 5]), len(asked), p=[0.42, 0.58])
        score = np.where(pleased, happy, random.choice(np.array([1, 2, 3]), len(asked), p=[0.22, 0.25, 0.53]))
        frames.append(_answers(random, lines, asked, "csat", 1, 5, score, touchpoint))
    returned = _some(random, np.flatnonzero(lines.refunded < END - DAY), 0.34)
    ease = np.clip(np.round(5.2 + 1.5 * random.standard_normal(len(returned))), 1, 7).astype(np.int64)
    frames.append(_answers(random, lines, returned, "ces", 1, 7, ease, "returns", lines.refunded))
    site = np.maximum(_nps(random, lines.delivered[site_of], late[site_of]), 1)
    website = _answers(random, lines, site_of, "nps", 1, 10, site, "ui")
    return {
        "experience": pl.concat(frames).sort("answered", "respondent", "instrument"),
        "website": website.filter(pl.col("answered") >= local_midnight(date(2025, 1, 1))).sort(
            "answered", "respondent"
        ),
        "education": _education(random, training),
    }


def _some(random: np.random.Generator, candidates: Integers, share: float) -> Integers:
    return candidates[random.random(len(candidates)) < share]


def _nps(random: np.random.Generator, instants: Seconds, late: Booleans) -> Integers:
    felt = 8.13 + stories.promoter_shift(instants) - 1.6 * late + 1.95 * random.standard_normal(len(instants))
    return np.clip(np.round(felt), 0, 10).astype(np.int64)


def _answers(
    random: np.random.Generator,
    lines: Lines,
    asked: Integers,
    instrument: str,
    scale_min: int,
    scale_max: int,
    score: Integers,
    touchpoint: str | None,
    since: Seconds | None = None,
) -> pl.DataFrame:
    invited = (lines.delivered if since is None else since)[asked] + DAY
    answered = by_daylight(random, after(random, invited, 9.0, 0.9))
    return pl.DataFrame(
        {
            "respondent": lines.buyer[asked],
            "role": ["buyer"] * len(asked),
            "instrument": [instrument] * len(asked),
            "score": score,
            "scale_min": [scale_min] * len(asked),
            "scale_max": [scale_max] * len(asked),
            "answered": answered,
            "touchpoint": pl.Series([touchpoint] * len(asked), dtype=pl.String),
            "order": lines.order[asked],
            "invited": invited,
        }
    ).filter(pl.col("answered") < END)


def _education(random: np.random.Generator, training: pl.DataFrame) -> pl.DataFrame:
    """Sellers on the training: half of those who completed a course answer."""
    done = training.filter(pl.col("event") == "completed")
    done = done.filter(random.random(len(done)) < 0.62)
    invited = done["at"].to_numpy() + DAY
    return (
        pl.DataFrame(
            {
                "respondent": done["seller"],
                "role": ["seller"] * len(done),
                "instrument": ["education"] * len(done),
                "score": random.choice(np.array([5, 4, 3, 2, 1]), len(done), p=[0.55, 0.355, 0.06, 0.025, 0.01]),
                "scale_min": [1] * len(done),
                "scale_max": [5] * len(done),
                "answered": after(random, invited, 20.0, 0.8),
                "touchpoint": pl.Series([None] * len(done), dtype=pl.String),
                "order": pl.Series([None] * len(done), dtype=pl.Int64),
                "invited": invited,
            }
        )
        .filter(pl.col("answered") < END)
        .sort("answered", "respondent")
    )


def make_carts(seed: int, lines: Lines, buyers: int) -> pl.DataFrame:
    """A cart for every order, and about two and a half for every order that were left standing."""
    random = stream(seed, "carts")
    starts = np.flatnonzero(lines.line_of_order == 0)
    value = np.bincount(lines.order, lines.amount_cents).astype(np.int64)
    ordered, count = lines.ordered[starts], len(starts)
    # One cart in seventy is ordered only days after it was last touched: abandoned, by the 24-hour rule.
    gap = np.where(random.random(count) < 0.985, random.integers(30, 900, count), random.integers(26, 90, count) * HOUR)
    touched = ordered - gap
    created = touched - np.minimum(np.exp(random.standard_normal(count) * 1.4) * 1200, 5 * DAY).astype(np.int64)
    left = round(count * 2.57)
    day = (ordered[random.integers(0, count, left)] + LOCAL_OFFSET) // DAY * DAY - LOCAL_OFFSET
    begun = day + time_of_day(random, left)
    ended = begun + np.minimum(np.exp(random.standard_normal(left) * 1.4) * 900, 3 * DAY).astype(np.int64)
    reached = random.random(left) < 0.24
    price = np.exp(random.standard_normal(left) * 0.75 + 0.12) * np.median(value)
    frame = pl.DataFrame(
        {
            "buyer": np.concatenate([lines.buyer[starts], random.integers(0, buyers, left)]),
            "is_session": np.concatenate([np.zeros(count, bool), random.random(left) < 0.55]),
            "created": np.concatenate([created, begun]),
            "touched": np.concatenate([touched, ended]),
            "value_cents": np.concatenate([value, np.round(price).astype(np.int64)]),
            "order": pl.Series(np.concatenate([lines.order[starts], np.full(left, -1)])).replace(-1, None),
            "checkout": pl.Series(np.concatenate([touched, np.where(reached, ended, -1)])).replace(-1, None),
        }
    )
    inside = (pl.col("created") >= START) & (pl.col("touched") < BULK_EXPORT)
    return frame.filter(inside).sort("created", "buyer", "value_cents")


def make_improvements(seed: int, review_seller: Integers, review_product: Integers, created: Seconds) -> pl.DataFrame:
    """Initiatives: shipped ones as planned for each quarter, each naming reviews that asked for it, and the others."""
    random = stream(seed, "improvements")
    per_quarter = np.array(_SHIPPED_INITIATIVES)
    quarter = np.repeat(np.arange(len(per_quarter)), per_quarter)
    begins = QUARTER_STARTS[quarter]
    shipped = begins + (random.random(len(quarter)) * (QUARTER_STARTS[quarter + 1] - begins)).astype(np.int64)
    shipped = (shipped + LOCAL_OFFSET) // DAY * DAY - LOCAL_OFFSET + random.integers(9, 17, len(quarter)) * HOUR
    known = np.searchsorted(created, shipped)
    named = np.maximum((random.random((3, len(quarter))) * known).astype(np.int64), 0)
    anchor = named[0]
    feedback = pl.DataFrame(
        {
            "seller": review_seller[anchor],
            "source": ["customer_feedback"] * len(quarter),
            "status": ["shipped"] * len(quarter),
            "shipped": shipped,
            "review": anchor,
            "review_2": np.where(random.random(len(quarter)) < 0.5, named[1], -1),
            "product": review_product[anchor],
        }
    )
    count = 150
    status = random.choice(np.array(["proposed", "started", "shipped", "dropped"]), count, p=[0.3, 0.25, 0.3, 0.15])
    at = START + (random.random(count) * DAYS).astype(np.int64) * DAY + 12 * HOUR
    others = pl.DataFrame(
        {
            "seller": random.integers(0, SELLERS, count),
            "source": random.choice(np.array(["seller", "platform"]), count, p=[0.7, 0.3]),
            "status": status,
            "shipped": pl.Series(np.where(status == "shipped", at, -1)).replace(-1, None),
            "review": np.full(count, -1),
            "review_2": np.full(count, -1),
            "product": np.full(count, -1),
        }
    )
    return pl.concat([feedback, others])


def make_subscriptions(seed: int, lines: Lines) -> pl.DataFrame:
    """Most buyers subscribe at their first order; about one in a hundred of them leaves each month."""
    random = stream(seed, "subscriptions")
    buyer, first = np.unique(lines.buyer, return_index=True)
    joined = lines.ordered[first] + 60
    subscribes = random.random(len(buyer)) < 0.66
    buyer, joined = buyer[subscribes], joined[subscribes]
    leaves = joined + (random.exponential(95.0, len(buyer)) * 30 * DAY).astype(np.int64)
    gone = leaves < END
    frame = pl.DataFrame(
        {
            "buyer": np.concatenate([buyer, buyer[gone]]),
            "event": ["opt_in"] * len(buyer) + ["opt_out"] * int(gone.sum()),
            "at": np.concatenate([joined, leaves[gone]]),
        }
    )
    return frame.sort("at", "buyer", "event")
