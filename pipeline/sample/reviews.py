"""What buyers think of what they received, and what sellers answer: one value a review in every array.

What belongs here: reviews as they happened. Which of them an export knows, and how it is written: `views`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.sample import stories, wording
from pipeline.sample.clock import END, HOUR, NEVER, Booleans, Integers, Seconds, after, by_daylight, stream
from pipeline.sample.market import CLIMBER, Products, Sellers
from pipeline.sample.orders import Buyers, Lines

#: Of the latent satisfaction, for two to five stars.
_CUTS = np.array([-1.72, -1.32, -0.88, -0.2])
#: An old app, in use until mid-2025, asked for one to ten.
_OLD_APP_ENDS = stories.local_midnight(stories.date(2025, 7, 1))

_THEME_OF_CATEGORY = np.array(
    [  # product, delivery, packaging, size, battery, service, price
        [0.34, 0.2, 0.13, 0.03, 0.0, 0.15, 0.15],
        [0.28, 0.17, 0.08, 0.0, 0.25, 0.12, 0.1],
        [0.22, 0.17, 0.05, 0.34, 0.0, 0.12, 0.1],
        [0.36, 0.19, 0.1, 0.02, 0.02, 0.16, 0.15],
        [0.34, 0.2, 0.08, 0.03, 0.14, 0.1, 0.11],
        [0.28, 0.18, 0.07, 0.22, 0.04, 0.1, 0.11],
        [0.3, 0.19, 0.1, 0.06, 0.12, 0.11, 0.12],
        [0.4, 0.25, 0.1, 0.0, 0.0, 0.12, 0.13],
    ]
)
STATUSES = ("published", "pending", "rejected", "removed")
AUTHORS = ("seller", "staff", "system")


@dataclass(frozen=True)
class Reviews:
    """In the order of `created`. `line` is the order line's number, or -1 when the buyer was not verified."""

    line: Integers
    product: Integers
    seller: Integers
    buyer: Integers
    rating: Integers
    scale_max: Integers
    created: Seconds
    status: Integers
    language: Integers
    text: pl.Series
    edited: Seconds
    responded: Seconds
    response_text: pl.Series
    author: Integers
    is_incentivised: Booleans

    def __len__(self) -> int:
        return len(self.line)


def make_reviews(
    seed: int, lines: Lines, buyers: Buyers, sellers: Sellers, products: Products, trained_at: Seconds
) -> Reviews:
    """Reviews of about 35 % of the order lines that arrived, created before the sample ends."""
    random = stream(seed, "reviews")
    wait = np.exp(random.standard_normal(len(lines)) * 0.9) * 60 * HOUR
    created = by_daylight(random, np.where(lines.delivered < NEVER, lines.delivered + wait.astype(np.int64), NEVER))
    line = np.flatnonzero((random.random(len(lines)) < 0.385) & (created < END))
    line = line[np.argsort(created[line], kind="stable")]
    created, count = created[line], len(line)
    seller, product, category = lines.seller[line], lines.product[line], lines.category[line]
    is_late = lines.delivered[line] > lines.promised[line]
    is_returned = lines.returned[line] < created
    felt = (
        sellers.quality[seller]
        + products.quality[product]
        + stories.rating_shift(seller, category, created)
        - 0.75 * is_late
        - 0.6 * is_returned
        + random.standard_normal(count)
    )
    stars = 1 + (felt[:, None] > _CUTS).sum(axis=1)
    theme = _themes(random, category, stars, is_late, created)
    language = buyers.language[lines.buyer[line]]
    verdict = np.select([stars >= 4, stars <= 2], [wording.GOOD, wording.BAD], wording.MIXED)
    names = pl.Series(products.name).gather(product)
    text = wording.review_texts(random, language, verdict, theme, names)
    text = text.set(pl.Series(random.random(count) >= 0.72), None)
    responded, author = _responses(random, seller, stars, created, sellers, trained_at)
    old_app = (created < _OLD_APP_ENDS) & (random.random(count) < 0.05)
    return Reviews(
        line=np.where(random.random(count) < 0.035, -1, line),
        product=product,
        seller=seller,
        buyer=lines.buyer[line],
        rating=np.where(old_app, 2 * stars - (random.random(count) < 0.4), stars),
        scale_max=np.where(old_app, 10, 5),
        created=created,
        status=random.choice(4, count, p=[0.968, 0.004, 0.019, 0.009]),
        language=language,
        text=text,
        edited=np.where(random.random(count) < 0.03, after(random, created, 60.0, 1.0), NEVER),
        responded=responded,
        response_text=wording.response_texts(random, language, stars <= 2),
        author=author,
        is_incentivised=random.random(count) < 0.03,
    )


def _themes(
    random: np.random.Generator, category: Integers, stars: Integers, is_late: Booleans, created: Seconds
) -> Integers:
    """What each review is about: by category, except that the late and the broken say so."""
    cumulative = np.cumsum(_THEME_OF_CATEGORY / _THEME_OF_CATEGORY.sum(axis=1, keepdims=True), axis=1)
    theme = (random.random(len(category))[:, None] > cumulative[category]).sum(axis=1)
    unhappy = stars <= 3
    theme = np.where(unhappy & is_late & (random.random(len(theme)) < 0.75), wording.DELIVERY, theme)
    broken = unhappy & stories.is_breakage(random, category, created)
    return np.where(broken, wording.PACKAGING, np.minimum(theme, len(wording.THEMES) - 1))


def _responses(
    random: np.random.Generator,
    seller: Integers,
    stars: Integers,
    created: Seconds,
    sellers: Sellers,
    trained_at: Seconds,
) -> tuple[Seconds, Integers]:
    """(when, by whom) each review is answered; NEVER when nobody does. Complaints wait longer."""
    log_odds, factor = stories.response_shift(seller, created, trained_at)
    unhappy = stars <= 2
    log_odds = 3.65 + log_odds + 0.8 * sellers.answering[seller] - 0.95 * unhappy
    answers = random.random(len(seller)) < 1 / (1 + np.exp(-log_odds))
    hours = 7.0 * sellers.median_hours[seller] * factor * np.where(unhappy, 1.25, 1.0)
    responded = by_daylight(random, after(random, created, hours, 0.85))
    author = random.choice(3, len(seller), p=[0.985, 0.011, 0.004])
    responded = np.where(answers, responded, NEVER)
    # A few servers' clocks are ten minutes slow: their answers stand before the reviews.
    responded[1700::2500] = created[1700::2500] - 600
    return responded, np.where(seller == CLIMBER, 0, author)
