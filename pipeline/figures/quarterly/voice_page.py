"""What reviews say in words: themes, what changed since the last quarter, quotes.

What belongs here: the choice and order of what the page shows, and the sentence that it opens with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.figures.chart_shapes import DivergingChart
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.numbers import THIN, capital, count, number, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.category_ratings import category_name
from pipeline.figures.quarterly.complaint_places import Place, low_ratings_table, places_of
from pipeline.figures.quarterly.theme_tables import Theme, change_table, polarity_chart, shown_themes, themes_of
from pipeline.figures.voice import SIDES
from pipeline.figures.wording import big_number, not_measured
from pipeline.settings import Office


@dataclass(frozen=True)
class VoicePage:
    message: Sentence
    number: BigNumber | None
    themes: DivergingChart | None
    changes: Table | None
    unchanged: str
    categories: Table | None
    praise: str
    not_measured: str


def voice_page(source: Published, office: Office) -> VoicePage | None:
    """The page; None when the quarter's reviews have no theme, for want of texts or of two sides to compare."""
    themes, changes = themes_of(source, "polarity"), themes_of(source, "change")
    if not themes and not changes:
        return None
    places = places_of(source, [theme.term for theme in themes.get("negative", ())])
    shown = shown_themes(themes, places)
    return VoicePage(
        message=_message(themes, changes, places, shown[0]),
        number=big_number(source, "sentiment_net"),
        themes=polarity_chart(themes, shown, places),
        changes=change_table(source, changes),
        unchanged="" if changes else _unchanged(source),
        categories=low_ratings_table(source),
        praise=_praise(source),
        not_measured=not_measured(source, ("sentiment_net",)),
    )


def _message(
    themes: Mapping[str, Sequence[Theme]],
    changes: Mapping[str, Sequence[Theme]],
    places: Mapping[str, Place],
    negative: Sequence[Theme],
) -> Sentence:
    """What is said more than before; else what low ratings of one category say more than others; else what low ratings
    say most, or high ones where low ones have no word of their own."""
    if changes.get("period"):
        theme = changes["period"][0]
        return Sentence(_changed("up", theme, theme.share, theme.other_share), "said more than before")
    placed = [theme for theme in negative if theme.term in places]
    if placed:
        theme = min(placed, key=lambda theme: (places[theme.term].p, theme.rank))
        place = places[theme.term]
        text = (
            f"Of the low ratings that say “{theme.term}”, {_percent(place.holding / place.holders, 0)} are of "
            f"{category_name(place.category)}, which has {_percent(place.of_category / place.texts, 0)} of all low "
            "ratings with a text: beyond chance."
        )
        return Sentence(text, "low ratings of a category")
    if changes.get("before") and not themes:
        theme = changes["before"][0]
        return Sentence(_changed("down", theme, theme.other_share, theme.share), "said less than before")
    theme = (negative or themes["positive"])[0]
    text = (
        f"“{capital(theme.words)}” is in {count(theme.reviews)} of {count(theme.side_reviews)} reviews of "
        f"{SIDES[theme.side][2]}, and in {count(theme.other_reviews)} of {count(theme.other_side_reviews)} of the "
        "other side: beyond chance."
    )
    return Sentence(text, "strongest theme")


def _changed(way: str, theme: Theme, now: float, before: float) -> str:
    return (
        f"“{capital(theme.term)}” is in {_percent(now)} of the quarter's reviews with a text, {way} beyond chance from "
        f"{_percent(before)} in the six months before."
    )


def _percent(share: float, digits: int = 1) -> str:
    return f"{number(100 * share, digits)}{THIN}%"


def _unchanged(source: Published) -> str:
    """That nothing changed beyond chance is a finding; that there is nothing to compare with is another."""
    first_day = source.rows("select first_day from run")[0][0]
    if first_day >= source.period.start:
        return "These are the first reviews: there are none before to compare their words with."
    return "No word came or went beyond chance: none is more or less frequent than in the six months before."


def _praise(source: Published) -> str:
    """Five stars whose words are those of complaints; '' where they are not looked for."""
    five = source.at("review_stars_5")
    if not source.has("praise_with_complaints") or five is None or five.value is None:
        return ""
    found = source.rows(
        "select count(*) from praise_with_complaints where period_id = $period", period=source.period.id
    )[0][0]
    said = plural(found, "review") if found else "no review"
    return (
        f"Praise to read twice: {said} of {count(five.value)} with five stars "
        f"{'holds' if found < 2 else 'hold'} at least two of the words of complaints, and more of them than of praise."
    )
