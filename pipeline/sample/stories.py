"""What happens in this market that a report must find: each story as an effect over time, and as a sentence.

What belongs here: the planted effects, as functions of the instant, and what a reader should see of them. The modules
of the exports apply them; nothing else in the sample changes its behaviour over time except by season.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from pipeline.sample.clock import DAY, LOCAL_OFFSET, START, Booleans, Floats, Integers, Seconds, local_midnight
from pipeline.sample.market import (
    CATEGORIES,
    CLIMBER,
    CLIMBER_JOINED,
    CLIMBER_NAME,
    FALLING_CATEGORY,
    SLUMPER,
    SLUMPER_NAME,
)

FALL_BEGINS = local_midnight(date(2025, 10, 1))
FALL_ENDS = local_midnight(date(2026, 3, 31))
CAMPAIGN_BEGINS = local_midnight(date(2026, 2, 1))
CAMPAIGN_LIFT = 0.25
SLUMP_BEGINS = local_midnight(date(2026, 3, 1))
LATE_BEGINS = local_midnight(date(2025, 11, 17))
LATE_ENDS = local_midnight(date(2025, 12, 1))
WAVE_BEGINS = local_midnight(date(2026, 1, 5))
WAVE_ENDS = local_midnight(date(2026, 3, 24))


@dataclass(frozen=True)
class Story:
    """One planted story: what a report should say, and which published figure moves how.

    `direction` is the way in which the metric goes from `before` to `period`, at that scope and entity.
    """

    name: str
    sentence: str
    metric: str
    scope: str
    entity_id: str
    before: str
    period: str
    direction: Literal["up", "down"]

    def __str__(self) -> str:
        return self.sentence


def seller_id(number: int) -> str:
    """The id of the seller with that number."""
    return f"S{number + 1:04d}"


STORIES = (
    Story(
        "falling-category",
        "Ratings of Home & Kitchen fall month after month, from about 4.4 stars in October 2025 to about 3.6 in "
        "March 2026: buyers write of thin packaging and of goods broken on arrival.",
        "rating_mean", "category", CATEGORIES[FALLING_CATEGORY], "2025-10", "2026-03", "down",
    ),
    Story(
        "campaign",
        "A campaign from 1 February to 31 March 2026 lifts buyers' inquiries by about 25 %; with it the quarter passes "
        "100,000 messages, which 2025-Q4 had just missed.",
        "message_count", "all", "all", "2025-Q4", "2026-Q1", "up",
    ),
    Story(
        "climber",
        f"{CLIMBER_NAME} ({seller_id(CLIMBER)}), joined on 3 March 2025 with poor ratings and slow answers, meets all "
        "four thresholds of a Superhero from Monday 9 March 2026, when its twelfth month is complete.",
        "rating_mean", "seller", seller_id(CLIMBER), "2025-Q2", "2026-Q1", "up",
    ),
    Story(
        "slump",
        f"{SLUMPER_NAME} ({seller_id(SLUMPER)}), one of the biggest sellers, all but stops answering reviews and "
        "inquiries within 48 hours in March 2026, and pulls the whole market below its target.",
        "review_response_48h", "seller", seller_id(SLUMPER), "2026-02", "2026-03", "down",
    ),
    Story(
        "late-november",
        "Orders promised in the last two weeks of November 2025 arrive late about three times as often as usual.",
        "on_time_delivery_rate", "all", "all", "2025-10", "2025-11", "down",
    ),
    Story(
        "loyalty",
        "The net promoter score rises slowly, from the high teens at the end of 2024 to above +40 in 2026-Q1.",
        "nps", "all", "all", "2024-Q4", "2026-Q1", "up",
    ),
    Story(
        "training-wave",
        "In 2026-Q1 a training wave brings participation above 80 % of active sellers; those who took part answer "
        "faster afterwards than before, and faster than those who did not.",
        "training_participation", "all", "all", "2025-Q4", "2026-Q1", "up",
    ),
)  # fmt: skip


def _ramp(instants: Seconds, begins: int, ends: int) -> Floats:
    """0 before, 1 after, straight between."""
    return np.clip((instants - begins) / (ends - begins), 0.0, 1.0)


def rating_shift(seller: Integers, category: Integers, instants: Seconds) -> Floats:
    """How much better (or worse) a purchase is felt to be because of a story, in the latent scale of ratings."""
    falling = category == FALLING_CATEGORY
    fall = np.where(falling, 0.36 - 0.95 * _ramp(instants, FALL_BEGINS, FALL_ENDS), 0.0)
    begins = local_midnight(CLIMBER_JOINED)
    climb = -1.4 + 2.5 * _ramp(instants, begins + 80 * DAY, begins + 180 * DAY)
    return fall + np.where(seller == CLIMBER, climb, 0.0)


def is_breakage(random: np.random.Generator, category: Integers, instants: Seconds) -> Booleans:
    """Which unhappy purchases came broken: nearly all in the falling category once the fall has begun."""
    broken = (category == FALLING_CATEGORY) & (instants >= FALL_BEGINS)
    return broken & (random.random(len(instants)) < 0.78)


def response_shift(seller: Integers, instants: Seconds, trained_at: Seconds) -> tuple[Floats, Floats]:
    """(change of the log-odds of an answer, factor on the hours until it) for a seller asked at an instant."""
    log_odds = 0.5 * _ramp(instants, START, START + 540 * DAY)
    factor = 1.0 - 0.12 * _ramp(instants, START, START + 540 * DAY)
    trained = instants >= trained_at[seller]
    log_odds, factor = log_odds + 0.45 * trained, factor * np.where(trained, 0.68, 1.0)
    begins = local_midnight(CLIMBER_JOINED)
    climb = _ramp(instants, begins + 60 * DAY, begins + 135 * DAY)
    climbing = seller == CLIMBER
    log_odds = np.where(climbing, -2.6 + 7.8 * climb, log_odds)
    factor = np.where(climbing, 2.6 - 2.3 * climb, factor)
    slump = (seller == SLUMPER) & (instants >= SLUMP_BEGINS)
    return np.where(slump, -3.9, log_odds), np.where(slump, 5.5, factor)


def late_share(promised: Seconds) -> Floats:
    """How much the log-odds of being late grow for orders promised then."""
    return np.where((promised >= LATE_BEGINS) & (promised < LATE_ENDS), 1.35, 0.0)


def inquiry_lift(days: int) -> Floats:
    """The factor on buyers' inquiries of each of the sample's days."""
    day = START + np.arange(days, dtype=np.int64) * DAY + LOCAL_OFFSET
    return 1.0 + CAMPAIGN_LIFT * (day >= CAMPAIGN_BEGINS)


def promoter_shift(instants: Seconds) -> Floats:
    """How much kinder NPS answers become over the eighteen months, in points of the 0–10 scale."""
    return 0.8 * _ramp(instants, START, START + 547 * DAY)
