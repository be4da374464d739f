"""Where complaints fall: which categories the words of low ratings belong to, and how many low ratings each has.

What belongs here: the themes of low ratings counted by the category of the product reviewed, the test for a theme that
stands out in one, and the table of low ratings by category. Themes themselves are `pipeline.analyses.themes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline.figures.customers import category_name
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import count, number, plural
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.entity_moves import step_cell
from pipeline.figures.steps import steps_beyond_noise
from pipeline.statistics.tokens import tokenise

#: Low ratings of a category that hold a theme, for the pair to be tested; and its part of them, to be named.
FEWEST_HOLDING = 5
LEAST_PART = 0.5
LARGEST_CHANCE = 0.05
MOST_CATEGORIES = 8


@dataclass(frozen=True)
class Place:
    """A category in which a theme stands out: `holding` of the `holders` low ratings with it are of this category, as
    are `of_category` of all `texts`."""

    category: str
    holding: int
    holders: int
    of_category: int
    texts: int
    p: float


_LOW = """
select l.text, p.category
from low_ratings as l
join products as p using (product_id)
where l.day >= $start and l.day < $end and l.text is not null and p.category is not null
order by l.review_id
"""


def places_of(source: Published, terms: Sequence[str]) -> dict[str, Place]:
    """For each term the category that has at least half of the low ratings with it, if that is beyond chance.

    Of the low ratings with a text, is the category's part larger among those that hold the term than among all? The
    chance of so large a part is hypergeometric; Bonferroni's correction over all pairs that are tested.
    """
    if not terms or not source.has("low_ratings"):
        return {}
    rows = source.rows(_LOW, start=source.period.start, end=source.period.end)
    if not rows:
        return {}
    texts = pl.DataFrame(rows, schema={"text": pl.String, "category": pl.String}, orient="row").with_row_index(
        "position"
    )
    of_category = dict(texts["category"].value_counts().iter_rows())
    held = _held(texts, terms)
    pairs = held.group_by("term", "category").len("holding").filter(pl.col("holding") >= FEWEST_HOLDING)
    holders = dict(held.group_by("term").len().iter_rows())
    found: dict[str, Place] = {}
    for term, category, holding in pairs.sort("term", "category").iter_rows():
        p = _upper_tail(holding, texts.height, of_category[category], holders[term])
        place = Place(category, holding, holders[term], of_category[category], texts.height, p)
        if p * pairs.height < LARGEST_CHANCE and holding >= LEAST_PART * holders[term]:
            known = found.get(term)
            found[term] = place if known is None or p < known.p else known
    return found


def _held(texts: pl.DataFrame, terms: Sequence[str]) -> pl.DataFrame:
    """Every (term, category, text) that holds, once. The terms stand behind the texts, to be cut like them."""
    tokens = tokenise(pl.concat([texts["text"], pl.Series(terms, dtype=pl.String)]))
    pairs = tokens.terms().with_columns(pl.col("text").cast(pl.Int64))
    own = pairs.filter(pl.col("text") >= texts.height)
    names = own.with_columns(
        written=tokens.names(own["term"].to_numpy()), name=pl.Series(terms).gather(own["text"] - texts.height)
    ).filter(pl.col("written") == pl.col("name"))
    named = names.select(pl.col("term").alias("code"), pl.col("name").alias("term"))
    holding = pairs.filter(pl.col("text") < texts.height).join(named, left_on="term", right_on="code", how="inner")
    found = holding.select(pl.col("term_right").alias("term"), pl.col("text").cast(pl.UInt32).alias("position"))
    return found.join(texts.select("position", "category"), on="position")


def _upper_tail(holding: int, texts: int, of_category: int, holders: int) -> float:
    """The chance of at least `holding` of the category among `holders` drawn from all texts."""

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    whole = log_choose(texts, holders)
    most = min(holders, of_category)
    return math.fsum(
        math.exp(log_choose(of_category, k) + log_choose(texts - of_category, holders - k) - whole)
        for k in range(holding, most + 1)
        if holders - k <= texts - of_category
    )


def low_ratings_table(source: Published) -> Table | None:
    """Reviews of one or two stars by category, the most first, with their share of the category's ratings."""
    now, before = _shares(source, source.period.id), _shares(source, source.period.previous.id)
    rated = sorted(now, key=lambda key: (-(now[key].numerator or 0), key))
    if not rated:
        return None
    steps = steps_beyond_noise(now, before)
    shown = rated[:MOST_CATEGORIES]
    rows = tuple(
        Row(
            (
                Cell(category_name(key)),
                Cell(
                    count(now[key].numerator or 0),
                    tone="strong",
                    figure=now[key].key("negative_review_count", "category"),
                ),
                Cell(_percent(now[key])),
                Cell(_percent(before.get(key))),
                step_cell(steps.get(key), now[key], before.get(key), "down"),
            )
        )
        for key in shown
    )
    previous = source.period.previous.short
    columns = (
        Column("Category", "name"),
        Column("Low", "number", "11mm"),
        Column(f"{source.period.short} %", "number", "12mm", 1),
        Column(f"{previous} %", "number", "11mm", 1),
        Column("Move", "word", "18mm"),
    )
    rest, total = rated[MOST_CATEGORIES:], sum(value.numerator or 0 for value in now.values())
    foot = f"Low: ratings of 1 or 2 stars; % of the category's ratings. {count(total)} low ratings in all"
    if rest:
        others = total - sum(now[key].numerator or 0 for key in shown)
        foot += f", {count(others)} of them in {plural(len(rest), 'category', 'categories')} more"
    return Table("Low ratings by category", columns, rows, foot=f"{foot}.")


def _shares(source: Published, period_id: str) -> dict[str, Value]:
    """Low ratings as a share of the category's ratings, from the two published counts."""
    found = source.entities("negative_review_count", "category", period_id)
    return {
        key: replace(value, value=value.numerator / value.n, denominator=value.n)
        for key, value in found.items()
        if value.value is not None and value.numerator is not None and value.n
    }


def _percent(value: Value | None) -> str:
    return number(100 * value.value, 1) if value and value.value is not None else "–"
