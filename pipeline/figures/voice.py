"""What reviews say in words: the themes of low and of high ratings, how each is called, and one quote of it.

What belongs here: the published themes as the reports print them, and the monthly's table of the strongest. What a
theme is, and what a quote must not show, is decided before (`pipeline.analyses.themes`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.figures.model import Cell, Column, Row, Table, Tone
from pipeline.figures.numbers import MISSING, capital, count, number, safe
from pipeline.figures.published import Published

#: Side of the published table: the stars as the report prints them, the tone, and the stars in a sentence.
SIDES: dict[str, tuple[str, Tone, str]] = {
    "negative": ("▼ 1–2 ★", "bad", "one or two stars"),
    "positive": ("▲ 4–5 ★", "good", "four or five stars"),
}
LONGEST_WORDS = 25
#: What fits in one line of the table.
LONGEST_QUOTE = 66
#: Of the reviews on both sides: a single word in more of them says little, in any language.
COMMON_SHARE = 0.12
#: Letters, in scripts that have capitals: words as short are articles, pronouns and the like far more often than not.
SMALL_WORD = 3
#: Letters from which on a word that two themes share makes them one: `recebi o` tells what `não recebi` tells.
SHARED_WORD = 4


@dataclass(frozen=True)
class Theme:
    """A published theme: `reviews` of its side's hold its `term`; `words` is the phrase that it is called by."""

    side: str
    rank: int
    term: str
    words: str
    reviews: int
    side_reviews: int
    other_reviews: int
    other_side_reviews: int
    zeta: float
    quotes: tuple[str | None, ...]

    @property
    def share(self) -> float:
        return self.reviews / self.side_reviews

    @property
    def other_share(self) -> float:
        return self.other_reviews / self.other_side_reviews

    @property
    def is_telling(self) -> bool:
        """Not of small words alone, nor one word that every sort of review uses."""
        words = self.words.split()
        is_common = self.reviews + self.other_reviews > COMMON_SHARE * (self.side_reviews + self.other_side_reviews)
        return not all(_is_small(word) for word in words) and not (len(words) == 1 and is_common)


def themes_of(source: Published, contrast: str) -> dict[str, list[Theme]]:
    """The period's themes by side, as they are ranked; each name once, small words left out."""
    found: dict[str, list[Theme]] = {}
    for theme in all_themes(source, contrast):
        known = found.setdefault(theme.side, [])
        if theme.is_telling and all(theme.words != other.words for other in known):
            known.append(theme)
    return {side: themes for side, themes in found.items() if themes}


def all_themes(source: Published, contrast: str) -> list[Theme]:
    if not source.has("themes"):
        return []
    return [
        Theme(side, rank, term, called(term, also, quotes), own, of_own, others, of_others, zeta, tuple(quotes))
        for side, rank, term, also, own, of_own, others, of_others, zeta, *quotes in source.rows(
            """select side, rank, term, also, reviews, side_reviews, other_reviews, other_side_reviews, zeta, quote_1,
            quote_2, quote_3 from themes where period_id = $period and contrast = $contrast order by side, rank""",
            period=source.period.id,
            contrast=contrast,
        )
    ]


def called(term: str, also: str | None, quotes: Sequence[str | None]) -> str:
    """The longest run of a theme's own words around its term in one of its quotes: `had to send it back`, not `back`.

    The term itself where no quote holds it. A run ends at punctuation, and at `LONGEST_WORDS` letters.
    """
    own = {word for part in (term, *(also or "").split(";")) for word in _folded(part).split()}
    sought, best = f" {_folded(term)} ", safe(term, LONGEST_WORDS)
    for quote in quotes:
        for run in _runs(safe(quote), own):
            for first in range(len(run)):
                for last in range(first + 1, len(run) + 1):
                    phrase = " ".join(run[first:last])
                    is_longer = last - first > len(best.split()) and len(phrase) <= LONGEST_WORDS
                    if is_longer and sought in f" {_folded(phrase)} ":
                        best = phrase.lower()
    return best


def _runs(text: str, own: set[str]) -> Iterator[list[str]]:
    """The words of `own` that stand together in the text, without punctuation between them."""
    run: list[str] = []
    for token in text.split():
        word = _bare(token)
        if run and (_folded(word) not in own or not token.startswith(word)):
            yield run
            run = []
        if word and _folded(word) in own:
            run.append(word)
            if not token.endswith(word):
                yield run
                run = []
    if run:
        yield run


def _bare(token: str) -> str:
    """The word without the punctuation at its ends."""
    letters = [index for index, letter in enumerate(token) if not unicodedata.category(letter).startswith("P")]
    return token[letters[0] : letters[-1] + 1] if letters else ""


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_small(word: str) -> bool:
    return len(word) <= SMALL_WORD and word.upper() != word.lower()


def themes_table(published: Published, rows_each: int) -> Table | None:
    """The `rows_each` strongest themes of either side, each of words of its own; None in a month without any."""
    themes = themes_of(published, "polarity")
    shown = [theme for side in SIDES for theme in strongest(themes.get(side, ()), rows_each)]
    if not shown:
        return None
    rows = tuple(
        Row(
            (
                Cell(capital(theme.words)),
                Cell(SIDES[theme.side][0], tone=SIDES[theme.side][1]),
                Cell(count(theme.reviews), tone="strong"),
                Cell(_percent(theme.reviews, theme.side_reviews)),
                Cell(_percent(theme.other_reviews, theme.other_side_reviews)),
                Cell(quote_of(theme.words, theme.quotes)),
            ),
            opens_group=index > 0 and shown[index - 1].side != theme.side,
        )
        for index, theme in enumerate(shown)
    )
    columns = (
        Column("Words", "name", "37mm"),
        Column("Rated", "word", "14mm"),
        Column("Reviews", "number", "12mm"),
        Column("%", "number", "9mm", 1),
        Column("Other side %", "number", "17mm", 1),
        Column("In one of them", "name"),
    )
    return Table("What low and high ratings say", columns, rows, foot=_foot(shown))


def strongest(themes: Sequence[Theme], most: int) -> list[Theme]:
    """The first `most` as they are ranked, without those that share a long word with a stronger one taken already."""
    taken: list[Theme] = []
    told: set[str] = set()
    for theme in themes:
        long_words = {word for word in _folded(theme.words).split() if len(word) >= SHARED_WORD}
        if len(taken) < most and not long_words & told:
            taken.append(theme)
            told |= long_words
    return taken


def quote_of(words: str, quotes: Sequence[str | None], longest: int = LONGEST_QUOTE) -> str:
    """A quote that shows the words: the first that fits, else the first whose beginning holds them, else the first from
    the sentence that does. Where none is written as the words are, though its review holds them: the first."""
    sought = words.casefold()
    given = [text for text in (safe(quote) for quote in quotes) if text]
    texts = [text for text in given if sought in text.casefold()]
    whole = [text for text in texts if text == safe(text, longest)]
    begun = [cut for text in texts if sought in (cut := safe(text, longest)).casefold()]
    later = [cut for text in texts if sought in (cut := _from_sentence(text, sought, longest)).casefold()]
    unlike = [text for text in given if text == safe(text, longest)] or [safe(text, longest) for text in given]
    chosen = next(iter(whole or begun or later or unlike), "")
    return f"“{chosen}”" if chosen else ""


def _from_sentence(text: str, sought: str, longest: int) -> str:
    before = text[: max(text.casefold().find(sought), 0)]
    start = max(before.rfind(mark) + len(mark) for mark in (". ", "! ", "? ", "… ")) if before else 0
    return f"… {safe(text[start:], longest - 2)}"


def _percent(part: int, whole: int) -> str:
    return number(100 * part / whole, 1) if whole else MISSING


def _foot(shown: Sequence[Theme]) -> str:
    """What the shares are of, and which side has no theme."""
    first = shown[0]
    low, high = first.side_reviews, first.other_side_reviews
    if first.side == "positive":
        low, high = high, low
    foot = (
        "Words, each with its phrase, that one side uses more often than the other, beyond chance. With a text: "
        f"{count(low)} reviews rated 1–2, {count(high)} rated 4–5."
    )
    for side, (_, _, stars) in SIDES.items():
        if all(theme.side != side for theme in shown):
            foot += f" No word stands out in reviews of {stars}."
    return foot
