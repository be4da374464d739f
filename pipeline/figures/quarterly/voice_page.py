"""What reviews say in words: themes, what changed since the last quarter, quotes.

What belongs here: the choice and order of what the page shows, and the sentence that it opens with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.figures.chart_shapes import DivergingChart
from pipeline.figures.customers import category_name
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.numbers import THIN, capital, count, number, plural, with_unit
from pipeline.figures.published import Published
from pipeline.figures.quarterly.complaint_places import Place, low_ratings_table, places_of
from pipeline.figures.quarterly.theme_tables import change_table, polarity_chart, shown_themes
from pipeline.figures.voice import SIDES, SMALL_WORD, Theme, all_themes, themes_of
from pipeline.figures.wording import not_measured, scale_for
from pipeline.settings import Office


@dataclass(frozen=True)
class VoicePage:
    message: Sentence
    number: BigNumber | None
    themes: DivergingChart | None
    changes: Table | None
    unchanged: str
    balance: str
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
    message, number = _message(themes, changes, places, shown[0])
    return VoicePage(
        message=message,
        number=number,
        themes=polarity_chart(themes, shown, places),
        changes=change_table(source, changes),
        unchanged="" if changes else _unchanged(source),
        balance=_balance(source),
        categories=low_ratings_table(source),
        praise=_praise(source),
        not_measured=not_measured(source, ("sentiment_net",)),
    )


def _message(
    themes: Mapping[str, Sequence[Theme]],
    changes: Mapping[str, Sequence[Theme]],
    places: Mapping[str, Place],
    negative: Sequence[Theme],
) -> tuple[Sentence, BigNumber]:
    """The sentence and its own number: what is said more than before; else what low ratings of one category say more
    than others; else what low ratings say most, or high ones where low ones have no word of their own."""
    if changes.get("period"):
        theme = changes["period"][0]
        return _changed("more", theme, theme.share, theme.other_share)
    placed = [theme for theme in negative if theme.term in places]
    if placed:
        theme = min(placed, key=lambda theme: (places[theme.term].p, theme.rank))
        place = places[theme.term]
        text = (
            f"Of the low ratings that say “{theme.term}”, {_percent(place.holding / place.holders, 0)} are of "
            f"{category_name(place.category)}, which has {_percent(place.of_category / place.texts, 0)} of all low "
            "ratings with a text: beyond chance."
        )
        part = (
            f"of the {count(place.holders)} low ratings that say “{theme.term}” are of {category_name(place.category)}"
        )
        big = _big(place.holding / place.holders, 0, part)
        return Sentence(text, "low ratings of a category"), big
    if changes.get("before") and not themes:
        theme = changes["before"][0]
        return _changed("less", theme, theme.other_share, theme.share)
    themes_left = negative or themes["positive"]
    theme = next((theme for theme in themes_left if len(theme.term) > SMALL_WORD), themes_left[0])
    text = (
        f"“{capital(theme.term)}” is in {count(theme.reviews)} of {count(theme.side_reviews)} reviews of "
        f"{SIDES[theme.side][2]}, and in {count(theme.other_reviews)} of {count(theme.other_side_reviews)} of the "
        "other side: beyond chance."
    )
    part = f"of {count(theme.side_reviews)} reviews of {SIDES[theme.side][2]} with a text say “{theme.term}”"
    return Sentence(text, "strongest theme"), _big(theme.share, 1, part)


def _changed(way: str, theme: Theme, now: float, before: float) -> tuple[Sentence, BigNumber]:
    text = (
        f"“{capital(theme.term)}” is in {_percent(now)} of the quarter's reviews with a text, "
        f"{'up' if way == 'more' else 'down'} beyond chance from {_percent(before)} in the six months before."
    )
    reviews = theme.side_reviews if way == "more" else theme.other_side_reviews
    part = f"of {count(reviews)} reviews with a text say “{theme.term}” · {_percent(before)} in the six months before"
    return Sentence(text, f"said {way} than before"), _big(now, 1, part)


def _big(share: float, digits: int, detail: str) -> BigNumber:
    return BigNumber(number(100 * share, digits), "%", detail)


def _balance(source: Published) -> str:
    """Ratings, not words: named for what it is, since `sentiment` would promise more."""
    value = source.at("sentiment_net")
    if value is None or value.value is None:
        return ""
    scale = scale_for(source, "sentiment_net")
    return f"Ratings of 4–5 stars less those of 1–2, for every 100: {with_unit(value.value, scale)}."


def _percent(share: float, digits: int = 1) -> str:
    return f"{number(100 * share, digits)}{THIN}%"


def _unchanged(source: Published) -> str:
    """That nothing changed beyond chance is a finding; that there is nothing to compare with is another."""
    first_day = source.rows("select first_day from run")[0][0]
    if first_day >= source.period.start:
        return "These are the first reviews: there are none before to compare their words with."
    if all_themes(source, "change"):
        return "Only small words, or words in every sort of review, came or went beyond chance."
    return "No word came or went beyond chance: none is more or less frequent than in the six months before."


def _praise(source: Published) -> str:
    """Five stars whose words are those of complaints; '' where they are not looked for."""
    five = source.at("review_stars_5")
    if not source.has("praise_with_complaints") or five is None or five.value is None:
        return ""
    found = source.rows(
        "select count(*) from praise_with_complaints where period_id = $period", period=source.period.id
    )[0][0]
    said = plural(found, "review") if found else "No review"
    return (
        f"{said} of {count(five.value)} with five stars {'holds' if found < 2 else 'hold'} at least two of the words "
        "of complaints, and more of them than of praise."
    )
