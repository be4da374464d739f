"""Sellers' training: who takes part in which course, and from when on it shows.

What belongs here: training events as they happened, as a Polars frame with seller and course numbers and instants in
seconds. How trained sellers then answer: `stories`; how the file has them: `small_views`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.sample import stories
from pipeline.sample.clock import DAY, END, HOUR, LOCAL_OFFSET, NEVER, QUARTER_STARTS, Integers, Seconds, after, stream
from pipeline.sample.market import SELLERS, SLUMPER, Sellers

COURSES = (
    "review-response-basics",
    "review-response-complaints",
    "answering-within-48-hours",
    "packaging-that-survives",
    "listing-photos",
    "pricing-and-promotions",
)
#: The share of sellers who take part in a course in each quarter; the last is the wave's.
_PARTICIPATION = (0.42, 0.46, 0.5, 0.54, 0.57, 0.845)


def make_training(seed: int, sellers: Sellers) -> tuple[pl.DataFrame, Seconds]:
    """(events, when each seller's training of the 2026 wave took effect, NEVER for those who stayed away)."""
    random = stream(seed, "training")
    trained_at = np.full(SELLERS, NEVER)
    keen = random.random(SELLERS)
    events = []
    for quarter, share in enumerate(_PARTICIPATION):
        begins, ends = QUARTER_STARTS[quarter], QUARTER_STARTS[quarter + 1]
        there = (sellers.joined < ends - 40 * DAY) & (np.minimum(sellers.closed, sellers.suspended) > ends)
        eager = np.argsort(np.where(there, 0.35 * keen + random.random(SELLERS), 9.0), kind="stable")
        chosen = eager[: round(share * there.sum())]
        when = begins + random.random(len(chosen)) * (ends - begins) * 0.9
        if quarter == len(_PARTICIPATION) - 1:
            chosen = chosen[chosen != SLUMPER]
            # A wave: most of it in January, the last stragglers in March.
            length = stories.WAVE_ENDS - stories.WAVE_BEGINS
            when = stories.WAVE_BEGINS + random.random(len(chosen)) ** 2.2 * length
        at = when.astype(np.int64)
        at = (at + LOCAL_OFFSET) // DAY * DAY - LOCAL_OFFSET + random.integers(9, 16, len(chosen)) * HOUR
        if quarter == len(_PARTICIPATION) - 1:
            trained_at[chosen] = at + 2 * DAY
        events += _course_events(random, chosen, at)
        visitors = np.repeat(np.flatnonzero(there), random.poisson(1.6, there.sum()))
        seen = begins + (random.random(len(visitors)) * (ends - begins)).astype(np.int64)
        events.append(_events(visitors, random.integers(0, len(COURSES), len(visitors)), "visited", seen))
    every = pl.concat(events).filter(pl.col("at") < END).sort("at", "seller", "course", "event")
    return every.unique(["seller", "course", "event", "at"], keep="first", maintain_order=True), trained_at


def _course_events(random: np.random.Generator, seller: Integers, at: Seconds) -> list[pl.DataFrame]:
    count = len(seller)
    course = np.where(
        random.random(count) < 0.75, random.integers(0, 2, count), random.integers(2, len(COURSES), count)
    )
    live = random.random(count) < 0.55
    done = random.random(count) < 0.78
    minutes = random.integers(35, 95, count)
    pleased = random.choice(np.array([5, 4, 3, 2, 1]), count, p=[0.52, 0.36, 0.08, 0.03, 0.01])
    no_show = random.integers(0, SELLERS, count // 5)
    return [
        _events(seller, course, "registered", at - random.integers(2, 120, count) * HOUR),
        _events(no_show, course[: len(no_show)], "registered", at[: len(no_show)] - 30 * HOUR),
        _events(seller[live], course[live], "attended", at[live], minutes[live]),
        _events(seller[~live], course[~live], "started", at[~live]),
        _events(
            seller[done], course[done], "completed", after(random, at[done], 30.0, 0.6), minutes[done], pleased[done]
        ),
    ]


def _events(
    seller: Integers,
    course: Integers,
    event: str,
    at: Seconds,
    duration: Integers | None = None,
    satisfaction: Integers | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "seller": seller,
            "course": course,
            "event": [event] * len(seller),
            "at": at,
            "duration": duration if duration is not None else pl.Series([None] * len(seller), dtype=pl.Int64),
            "satisfaction": satisfaction
            if satisfaction is not None
            else pl.Series([None] * len(seller), dtype=pl.Int64),
        }
    )
