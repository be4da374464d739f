"""The scorecard on a statement: service figures and the Expertise scale.

What belongs here: wording a seller's published values beside the marketplace's and the target's. What is suppressed
stays suppressed; what is judged is judged on unrounded values.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from pipeline.figures.numbers import (
    FIXED,
    MISSING,
    THIN,
    Scale,
    capital,
    count,
    digits_beside,
    goal,
    listed,
    number,
    plural,
    scale_of,
    show,
)
from pipeline.figures.published import Value
from pipeline.statements.model import Criterion, Score, Scorecard, Standing, Tone
from pipeline.statements.reading import SCORECARD, Facts, Row

#: Why a seller's value is missing: in its line, and under the table.
MISSING_BECAUSE = {
    "suppressed": (
        "not shown",
        "Not shown: from too few cases, or another seller’s value could be worked out from it.",
    ),
    "immature": ("not due yet", "Not due yet: the time allowed is still running."),
    "no_data": ("no cases", ""),
    "not_reached": ("not reached", ""),
    "not_measured": ("not measured", ""),
}
#: Behind a verdict that the interval leaves open, and under the table.
UNCERTAIN = ", uncertain"
UNCERTAIN_BECAUSE = "Uncertain: the target lies within the interval"
_STARS, _SHARE = scale_of("stars", ""), scale_of("share", "")
LEVELS = ("none", "Conqueror", "Captain", "Superhero")
NOT_STANDING = {
    "not_measured": "No status on the Expertise scale: it asks for messages and reviews, and not both have come.",
    "no_joined_at": "No status on the Expertise scale: the day of joining is not known.",
}


def scorecard(facts: Facts, seller_id: str) -> Scorecard:
    """A line for each metric that the marketplace measures, and a note for each kind of gap."""
    mine = facts.values.get(seller_id, {})
    scores: list[Score] = []
    unmeasured: list[str] = []
    gaps: dict[str, str] = {}
    for metric in SCORECARD:
        market = facts.market.get(metric)
        if metric not in facts.titles or market is None:
            continue
        if market.reason == "not_measured":
            title = facts.titles[metric].title
            unmeasured.append(title[:1].lower() + title[1:])
            continue
        value = mine.get(metric)
        if value is None or value.value is None:
            word, note = MISSING_BECAUSE.get((value.reason if value else None) or "no_data", ("no value", ""))
            gaps[word] = note
            scores.append(_gap(facts, metric, value, market, word))
        else:
            scores.append(_score(facts, metric, value, market))
    notes = [note for note in gaps.values() if note]
    if uncertain := [score for score in scores if score.verdict.endswith(UNCERTAIN)]:
        has_all_intervals = all(score.interval != MISSING for score in uncertain)
        notes.append(UNCERTAIN_BECAUSE + ("." if has_all_intervals else ", or there is no interval."))
    if not scores and not unmeasured:
        notes.append("Nothing of it is published for this period.")
    if unmeasured:
        notes.append(f"Not measured in this marketplace: {listed(unmeasured)}.")
    return Scorecard(tuple(scores), tuple(notes))


def _scale(facts: Facts, metric: str) -> tuple[str, Scale]:
    """The line's unit, and the scale that its numbers are printed in, without it."""
    scale = scale_of(facts.titles[metric].unit, facts.currency)
    return scale.unit, replace(scale, unit="")


def _gap(facts: Facts, metric: str, value: Value | None, market: Value, word: str) -> Score:
    """A line without a value; of one that is not shown the seller may know the number of cases."""
    unit, scale = _scale(facts, metric)
    own = value.n if value is not None and value.reason == "suppressed" else None
    return Score(
        title=facts.titles[metric].title,
        unit=unit,
        value=MISSING,
        cases=MISSING if own is None else count(own),
        interval=word,
        market=show(market.value, scale),
        target=goal(market.target, scale),
        verdict=MISSING,
        tone="muted",
    )


def _score(facts: Facts, metric: str, value: Value, market: Value) -> Score:
    assert value.value is not None
    unit, scale = _scale(facts, metric)
    digits, verdict = scale.digits, MISSING
    tone: Tone = "muted"
    if market.target is not None:
        digits = digits_beside(value.value, market.target, scale)
        verdict, tone = _verdict(value, market.target, facts.titles[metric].better)
    return Score(
        title=facts.titles[metric].title,
        unit=unit,
        value=show(value.value, scale, digits=digits),
        cases=MISSING if value.n is None else count(value.n),
        interval=_interval(value, facts.titles[metric].unit, scale),
        market=show(market.value, scale),
        target=goal(market.target, scale),
        verdict=verdict,
        tone=tone,
    )


def _verdict(value: Value, target: float, better: str) -> tuple[str, Tone]:
    """Met or missed by the exact ratio, and whether the interval leaves that open."""
    assert value.value is not None
    is_ratio = value.numerator is not None and value.denominator
    exact = Fraction(value.numerator or 0, value.denominator or 1) if is_ratio else Fraction(repr(value.value))
    wanted = Fraction(repr(target))
    is_met = exact >= wanted if better == "up" else exact <= wanted
    is_open = value.low is None or value.high is None or value.low < target < value.high
    word = "▲ met" if is_met else "▼ missed"
    return f"{word}{UNCERTAIN}" if is_open else word, "good" if is_met else "bad"


def _interval(value: Value, unit: str, scale: Scale) -> str:
    """`93.2 to 98.1`, no further than the metric itself can go: a mean of stars lies in 1 to 5."""
    if value.low is None or value.high is None:
        return MISSING
    low, high = (max(1.0, value.low), min(5.0, value.high)) if unit == "stars" else (value.low, value.high)
    return f"{show(low, scale)} to {show(high, scale)}"


def standing(facts: Facts, seller_id: str) -> Standing:
    """The seller's status on the period's last Monday, its four criteria, and the last changes."""
    row = facts.expertise.get(seller_id)
    day = f"{facts.monday:%Y-%m-%d}"
    if row is None:
        if not facts.is_expertise_measured:
            return Standing(NOT_STANDING["not_measured"], "", (), "")
        return Standing(f"No status on the Expertise scale on Monday {day}: you had not joined by then.", "", (), "")
    if row["level"] is None:
        return Standing(NOT_STANDING.get(row["reason"], "No status on the Expertise scale."), "", (), "")
    next_status = LEVELS[row["level"] + 1] if row["level"] < len(LEVELS) - 1 else ""
    return Standing(
        _standing_sentence(row, day, next_status),
        next_status,
        _criteria(row, next_status),
        _moves(facts, seller_id),
        _windows(row, day),
    )


def _standing_sentence(row: Row, day: str, next_status: str) -> str:
    status = "No status" if row["level"] == 0 else LEVELS[row["level"]]
    text = f"{status} on Monday {day}"
    if not next_status:
        return f"{text}, the highest."
    text += "."
    if row["binding"]:
        text += f" What keeps you from {next_status}: {listed(row['binding'].split(', '))}."
    if row["reason"] == "insufficient_conversations":
        text += (
            " Too few conversations in six months to judge after-sales quality: no higher than the last status earned."
        )
    return text


def _criteria(row: Row, next_status: str) -> tuple[Criterion, ...]:
    months, rating, positives, points = (
        row[name] for name in ("gap_months", "gap_rating", "gap_positive_ratings", "gap_quality_points")
    )
    average = _short_of(row["average_rating"], rating, _STARS)
    quality = _short_of(row["quality_share"], None if points is None else points / 100, _SHARE)
    quality += f"{THIN}%" if quality != MISSING else ""
    lines = (
        ("Seniority", plural(row["months_completed"], "month"), row["seniority_level"], _missing(months, 0, "month")),
        (
            "Average rating",
            f"{average} of {plural(row['ratings'], 'rating')}",
            row["rating_level"],
            _missing(rating, 2, "star"),
        ),
        (
            "Positive ratings",
            count(row["positive_ratings"]),
            row["positives_level"],
            _missing(positives, 0, "rating"),
        ),
        (
            "After-sales quality",
            quality,
            row["quality_level"],
            _missing(points, 1, "point"),
        ),
    )
    return tuple(
        Criterion(name, has, MISSING if level is None else capital(LEVELS[level]), gap if next_status else "")
        for name, has, level, gap in lines
    )


def _windows(row: Row, day: str) -> str:
    """What the criteria count, and the parts of after-sales quality with how they combine."""
    text = f"Ratings: all before {day}."
    if row["quality_share"] is None:
        return text
    parts = []
    if row["due"]:
        for label, column in (("answered", "answered"), ("answered within 48 h", "answered_48h")):
            parts.append((Fraction(row[column], row["due"]), f"{label}, {count(row[column])} of {count(row['due'])}"))
    if row["vote_share"] is not None:
        votes = f"votes on {plural(row['voted_messages'], 'message')}, 1 as 0 and 5 as 100{THIN}%"
        parts.append((Fraction(repr(row["vote_share"])), votes))
    said = listed(f"{show(float(share), _SHARE)}{THIN}% ({label})" for share, label in parts)
    window = f"inquiries of the six months before {day} without the last week"
    whole = f"{show(row['quality_share'], _SHARE)}{THIN}%"
    return f"{text} After-sales quality: {whole}, {_combined([share for share, _ in parts], row)} {said}; {window}."


def _combined(shares: list[Fraction], row: Row) -> str:
    """How the parts make the whole: their mean, unless the office weighs them otherwise."""
    if len(shares) == 1:
        return "from"
    is_mean = abs(sum(shares, Fraction(0)) / len(shares) - Fraction(repr(row["quality_share"]))) < Fraction(1, 10**9)
    return "the mean of" if is_mean else "by the office’s weights from"


def _missing(gap: float | None, digits: int, unit: str) -> str:
    """`+0.04 stars`, rounded up so that a gap never reads as none; "met" where there is none."""
    if gap is None:
        return MISSING
    if gap <= 0:
        return "met"
    up = Decimal(repr(float(gap))).quantize(Decimal(1).scaleb(-digits), ROUND_CEILING)
    return f"+{number(up, digits)}{FIXED}{unit if up == 1 else unit + 's'}"


def _short_of(value: float | None, gap: float | None, scale: Scale) -> str:
    """The value with as many decimals as show that it lies below what it falls short of."""
    if value is None:
        return MISSING
    return show(value, scale, digits=digits_beside(value, value + gap, scale) if gap else None)


def _moves(facts: Facts, seller_id: str) -> str:
    """`Last changes: ▲ Captain on 2026-03-02 (from Conqueror); …`"""
    found = []
    for row in facts.moves.get(seller_id, []):
        before, after = (_level_of(row[name]) for name in ("previous_status", "status"))
        sign = "▲" if after > before else "▼"
        found.append(f"{sign} {LEVELS[after]} on {row['monday']:%Y-%m-%d}, from {LEVELS[before]}")
    return f"Last changes: {'; '.join(found)}." if found else "No change of status on record."


def _level_of(status: str) -> int:
    return [level.lower() for level in LEVELS].index(status)
