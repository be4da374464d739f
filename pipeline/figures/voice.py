"""What reviews say in words: the strongest themes of low and of high ratings, each with one quote.

What belongs here: the choice of themes and quotes, and how they are named. What a theme is, and what a quote must not
show, is decided before (`pipeline.analyses.themes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.figures.model import Cell, Column, Row, Table, Tone
from pipeline.figures.numbers import MISSING, count, number, safe
from pipeline.figures.published import Published

#: Side of the published table: the stars as the report prints them, the tone, and the stars in a sentence.
SIDES: dict[str, tuple[str, Tone, str]] = {
    "negative": ("▼ 1–2 ★", "bad", "one or two stars"),
    "positive": ("▲ 4–5 ★", "good", "four or five stars"),
}
LONGEST_WORDS = 21
#: What fits in one line of the table.
LONGEST_QUOTE = 70


def themes_table(published: Published, rows_each: int) -> Table | None:
    """The `rows_each` strongest themes of either side, as they are ranked; None in a month without any."""
    if not published.has("themes"):
        return None
    found = published.rows(
        """select side, term, also, reviews, side_reviews, other_reviews, other_side_reviews, quote_1, quote_2, quote_3
        from themes where period_id = $period and contrast = 'polarity' and side in ('negative', 'positive')
        and rank <= $rows_each order by side, rank""",
        period=published.period.id,
        rows_each=rows_each,
    )
    if not found:
        return None
    rows = tuple(
        Row(
            (
                Cell(named(term, also)),
                Cell(SIDES[side][0], tone=SIDES[side][1]),
                Cell(count(reviews), tone="strong"),
                Cell(_percent(reviews, of)),
                Cell(_percent(others, of_others)),
                Cell(quote_of(term, quotes)),
            ),
            opens_group=index > 0 and found[index - 1][0] != side,
        )
        for index, (side, term, also, reviews, of, others, of_others, *quotes) in enumerate(found)
    )
    columns = (
        Column("Words", "name", "31mm"),
        Column("Rated", "word", "14mm"),
        Column("Reviews", "number", "12mm"),
        Column("%", "number", "9mm", 1),
        Column("Others %", "number", "13mm", 1),
        Column("In one of them", "name"),
    )
    return Table("What low and high ratings say", columns, rows, foot=_foot(found))


def named(term: str, also: str | None) -> str:
    """The theme's term with others of its reviews that add a word, as long as they fit: `back, had, send`."""
    shown = [safe(term, LONGEST_WORDS)]
    for other in (safe(part) for part in (also or "").split(";")):
        words = {word for text in shown for word in text.split()}
        if other and words.isdisjoint(other.split()) and len(", ".join([*shown, other])) <= LONGEST_WORDS:
            shown.append(other)
    return ", ".join(shown)


def quote_of(term: str, quotes: Sequence[str | None], longest: int = LONGEST_QUOTE) -> str:
    """The first quote that fits, else the first that holds the term before it is cut, else the first."""
    texts = [text for text in (safe(quote) for quote in quotes) if text]
    cut = [safe(text, longest) for text in texts]
    whole = [text for text in texts if text in cut]
    telling = [text for text in cut if safe(term).casefold() in text.casefold()]
    chosen = next(iter(whole or telling or cut), "")
    return f"“{chosen}”" if chosen else ""


def _percent(part: int, whole: int) -> str:
    return number(100 * part / whole, 1) if whole else MISSING


def _foot(found: Sequence[tuple[Any, ...]]) -> str:
    """What the shares are of, and which side has no theme."""
    of = {side: reviews for side, _, _, _, reviews, *_ in found}
    of_others = {side: reviews for side, *_, reviews, _, _, _ in found}
    totals = {
        "negative": of.get("negative", of_others.get("positive", 0)),
        "positive": of.get("positive", of_others.get("negative", 0)),
    }
    foot = (
        f"Words that one side uses more often than the other, beyond chance. With a text: {count(totals['negative'])} "
        f"reviews rated 1–2, {count(totals['positive'])} rated 4–5."
    )
    for side, (_, _, stars) in SIDES.items():
        if side not in of:
            foot += f" No word stands out in reviews of {stars}."
    return foot
