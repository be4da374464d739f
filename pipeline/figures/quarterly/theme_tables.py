"""The words by which low and high ratings differ, and those that came or went, as a chart and tables.

What belongs here: which of the published themes a page shows, and how. What a theme is was decided before
(`pipeline.analyses.themes`); in which category one stands out is `complaint_places.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.figures.chart_shapes import DivergingChart
from pipeline.figures.customers import category_name
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import MISSING, THIN, capital, count, number, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.complaint_places import Place
from pipeline.figures.voice import SIDES, Theme, quote_of

#: A theme is decisive when it is so many times as frequent in its own group as in the other: small words, which longer
#: texts use more often, are not. The same bound as for praise with complaints.
DECISIVE_RATIO = 10
NEGATIVES, POSITIVES = 6, 4
#: Of the negative themes shown, those mostly about one category, although others may be stronger.
PLACED = 3
CHANGES_EACH_WAY = 5
#: What fits in two lines of the table.
LONGEST_QUOTE, LONGEST_BESIDE_PLACES = 90, 72


def shown_themes(themes: Mapping[str, Sequence[Theme]], places: Mapping[str, Place]) -> tuple[list[Theme], list[Theme]]:
    """The negative and the positive themes that the page shows, each by rank: the strongest decisive ones, and among
    the negative also those that are most surely about one category."""
    negative, positive = _decisive(themes.get("negative", ())), _decisive(themes.get("positive", ()))
    placed = sorted(
        (theme for theme in themes.get("negative", ()) if theme.term in places),
        key=lambda theme: (places[theme.term].p, theme.rank),
    )[:PLACED]
    strongest = [theme for theme in negative if theme not in placed][: NEGATIVES - len(placed)]
    return sorted([*strongest, *placed], key=lambda theme: theme.rank), positive[:POSITIVES]


def _decisive(themes: Sequence[Theme]) -> list[Theme]:
    return [theme for theme in themes if _is_decisive(theme)] or list(themes)


def _is_decisive(theme: Theme) -> bool:
    return theme.reviews * theme.other_side_reviews >= DECISIVE_RATIO * theme.other_reviews * theme.side_reviews


def polarity_chart(
    themes: Mapping[str, Sequence[Theme]],
    shown: tuple[Sequence[Theme], Sequence[Theme]],
    places: Mapping[str, Place],
) -> DivergingChart | None:
    """The themes as bars of ζ either way above their table; None when neither side has one."""
    negative, positive = shown
    if not negative and not positive:
        return None
    return DivergingChart(
        title="What low and high ratings say",
        alt=f"Bars of the log-odds of words: to the left {plural(len(negative), 'theme')} of ratings of 1 or 2 stars, "
        f"to the right {plural(len(positive), 'theme')} of ratings of 4 or 5 stars. The table below holds every value.",
        heads=("▼ said with 1 or 2 stars, strength", "▲ said with 4 or 5 stars, strength"),
        left=tuple((capital(theme.words), theme.zeta, number(theme.zeta, 1)) for theme in negative),
        right=tuple((capital(theme.words), theme.zeta, number(theme.zeta, 1)) for theme in positive),
        table=_theme_table(themes, [*negative, *positive], places),
    )


def _theme_table(themes: Mapping[str, Sequence[Theme]], shown: Sequence[Theme], places: Mapping[str, Place]) -> Table:
    has_places = any(theme.term in places for theme in shown)
    rows = []
    for index, theme in enumerate(shown):
        sign, tone, _ = SIDES[theme.side]
        place = places.get(theme.term) if theme.side == "negative" else None
        cells = (
            Cell(capital(theme.words)),
            Cell(sign, tone=tone),
            Cell(number(theme.zeta, 1)),
            Cell(count(theme.reviews), tone="strong"),
            Cell(number(100 * theme.share, 1)),
            Cell(number(100 * theme.other_share, 1)),
            *((Cell(_place_words(place) if theme.side == "negative" else ""),) if has_places else ()),
            Cell(quote_of(theme.words, theme.quotes, LONGEST_BESIDE_PLACES if has_places else LONGEST_QUOTE)),
        )
        rows.append(Row(cells, opens_group=index > 0 and shown[index - 1].side != theme.side))
    columns = (
        Column("Words", "name", "36mm"),
        Column("Rated", "word", "14mm"),
        Column("Strength", "number", "13mm", 1),
        Column("Reviews", "number", "12.5mm"),
        Column("%", "number", "9mm", 1),
        Column("Other side %", "number", "17mm", 1),
        *((Column("Mostly about", "name", "32mm"),) if has_places else ()),
        Column("In one of them", "name"),
    )
    return Table("", columns, tuple(rows), foot=_foot(themes, has_places))


def _place_words(place: Place | None) -> str:
    return (
        f"{category_name(place.category)} {number(100 * place.holding / place.holders, 0)}{THIN}%" if place else MISSING
    )


def _foot(themes: Mapping[str, Sequence[Theme]], has_places: bool) -> str:
    sample = next(theme for side in themes.values() for theme in side)
    low, high = sample.side_reviews, sample.other_side_reviews
    if sample.side == "positive":
        low, high = high, low
    foot = (
        f"Of {count(low)} reviews with a text rated 1–2 and {count(high)} rated 4–5. Words: a word in its phrase; "
        "the reviews with the word are counted. Strength: log-odds in standard errors (ζ). Shown are themes at least "
        f"{DECISIVE_RATIO} times as frequent on their side, of {count(sum(len(side) for side in themes.values()))} "
        "beyond chance that are not small words alone"
    )
    if has_places:
        foot += ", and those mostly about one category: its part of the low ratings that say so"
    for side, (_, _, stars) in SIDES.items():
        if side not in themes:
            foot += f". No word stands out in reviews of {stars}"
    return f"{foot}."


def change_table(source: Published, themes: Mapping[str, Sequence[Theme]]) -> Table | None:
    """The words that came and went since the six months before; None when none did beyond chance."""
    sides = (("period", "▲ more"), ("before", "▼ less"))
    shown = [(theme, words) for side, words in sides for theme in themes.get(side, ())[:CHANGES_EACH_WAY]]
    if not shown:
        return None
    rows = []
    for index, (theme, words) in enumerate(shown):
        now, before = (theme.share, theme.other_share) if theme.side == "period" else (theme.other_share, theme.share)
        cells = (
            Cell(capital(theme.words)),
            Cell(words),
            Cell(number(100 * now, 1), tone="strong"),
            Cell(number(100 * before, 1)),
            Cell(number(theme.zeta, 1)),
        )
        rows.append(Row(cells, opens_group=index > 0 and shown[index - 1][1] != words))
    columns = (
        Column("Words", "name"),
        Column("Said", "word", "14mm"),
        Column(f"{source.period.short} %", "number", "12mm", 1),
        Column("Before %", "number", "14mm", 1),
        Column("Strength", "number", "13mm", 1),
    )
    first = shown[0][0]
    now, before = first.side_reviews, first.other_side_reviews
    if first.side == "before":
        now, before = before, now
    left_out = sum(len(side) for side in themes.values()) - len(shown)
    foot = f"Share of {count(now)} reviews with a text, and of {count(before)} in the six months before, beyond chance"
    foot += f"; {count(left_out)} more not shown." if left_out else "."
    return Table("What is said more, and less, than before", columns, tuple(rows), foot=foot)
