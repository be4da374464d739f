"""Reviews of five stars whose words are those of complaints: praise to read twice (METRICS.md A26).

What belongs here: which of them disagree with their stars. The words are the themes of the same period
(`themes.py`), so that no dictionary is needed in any language; stars are never overruled by them.

Listed: five stars and a text that holds at least two of the period's decisive negative themes, and more of them than of
its positive themes. A negative theme is decisive when it is ten times as frequent in negative reviews as in positive
ones: small words, which complaints use more often because they are longer, are not. A text holds a theme when it holds
the term that names it; of `not` and `not received` it holds the longer alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.masking import mask, whole
from pipeline.model import Model
from pipeline.statistics.term_counts import texts_holding
from pipeline.statistics.tokens import Codes, Tokens, tokenise

FEWEST_COMPLAINTS = 2
DECISIVE_RATIO = 10

COLUMNS = """
    period_id varchar, review_id varchar, day date, created_at timestamp, seller_id varchar, product_id varchar,
    order_id varchar, buyer_id varchar, language varchar, complaints integer, praises integer, themes varchar,
    text varchar
"""

_THEMES = f"""
select t.period_id, p.period_start, p.period_end, t.side = 'negative' as is_complaint, t.term
from metrics.themes as t
join plan.periods as p using (period_id)
where
    t.contrast = 'polarity'
    and (t.side = 'positive' or t.reviews * t.other_side_reviews >= {DECISIVE_RATIO} * t.other_reviews * t.side_reviews)
order by p.period_type, p.period_start, t.side, t.rank
"""

_FIVE_STARS = """
with texts as (
    select review_id, text
    from raw.reviews
    where created_at < (select as_of from plan.run)
    qualify row_number() over (partition by review_id order by seller_id nulls last) = 1
)
select r.review_id, r.day, r.created_at, r.seller_id, r.product_id, r.order_id, r.buyer_id, r.language, t.text
from core.reviews as r
join texts as t using (review_id)
where r.is_rated and r.has_text and r.stars = 5 and r.day >= ? and r.day < ?
order by r.created_at, r.review_id
"""


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The listed reviews of the planned months and quarters that have themes, in order of time."""
    themes = con.execute(_THEMES).pl()
    if themes.is_empty():
        return themes
    reviews = con.execute(_FIVE_STARS, [themes["period_start"].min(), themes["period_end"].max()]).pl()
    return pl.concat(_listed(themes, reviews))


def _listed(themes: pl.DataFrame, reviews: pl.DataFrame) -> Iterator[pl.DataFrame]:
    names = themes["term"].unique().sort()
    tokens = tokenise(pl.concat([mask(reviews["text"], "\n"), names]))
    found, codes = _codes(tokens, reviews.height, names)
    order = np.argsort(codes)
    holds = texts_holding(tokens, reviews.height + len(names), codes[order]).tocsr()[: reviews.height]
    column_of = dict(zip(found.gather(order).to_list(), range(len(codes)), strict=True))
    days = reviews["day"].to_numpy()
    for (period_id, start, end), of_period in themes.group_by(
        "period_id", "period_start", "period_end", maintain_order=True
    ):
        complaints = of_period.filter(pl.col("is_complaint"))["term"].to_list()
        praises = of_period.filter(~pl.col("is_complaint"))["term"].to_list()
        rows = np.flatnonzero((days >= np.datetime64(start)) & (days < np.datetime64(end)))
        against = _longest(holds[rows][:, [column_of[term] for term in complaints]].toarray().astype(bool), complaints)
        for_it = _longest(holds[rows][:, [column_of[term] for term in praises]].toarray().astype(bool), praises)
        number, number_for_it = against.sum(axis=1), for_it.sum(axis=1)
        kept = np.flatnonzero((number >= FEWEST_COMPLAINTS) & (number > number_for_it))
        chosen = reviews[rows[kept]]
        yield chosen.with_columns(
            period_id=pl.lit(period_id),
            complaints=pl.Series(number[kept], dtype=pl.Int32),
            praises=pl.Series(number_for_it[kept], dtype=pl.Int32),
            themes=pl.Series(["; ".join(np.array(complaints)[row]) for row in against[kept]], dtype=pl.String),
            text=whole(chosen["text"]),
        )


def _longest(holds: NDArray[np.bool_], terms: list[str]) -> NDArray[np.bool_]:
    """Which text (row) holds which term (column), without the words of longer terms that it holds."""
    parts = [set(term.split(" ")) for term in terms]
    is_part = np.array([[word < longer for word in parts] for longer in parts], dtype=np.int64)
    return holds & ~(holds @ is_part.reshape(len(terms), len(terms))).astype(bool)


def _codes(tokens: Tokens, texts: int, names: pl.Series) -> tuple[pl.Series, Codes]:
    """The terms that are these names, which stand behind the texts, and their codes: of `send it`, a name itself,
    neither `send` nor `it`."""
    start = int(np.searchsorted(tokens.text, texts))
    pairs = replace(tokens, text=tokens.text[start:], word=tokens.word[start:]).terms()
    own = pairs["text"].to_numpy().astype(np.int64) - texts
    terms = pairs["term"].to_numpy()
    written = tokens.names(terms)
    is_whole = (written == names.gather(own)).to_numpy()
    return written.filter(is_whole), terms[is_whole]


MODEL = Model(
    schema="metrics",
    name="praise_with_complaints",
    description="Reviews of five stars whose words are those of the period's negative reviews, with masked texts.",
    grain=("period_id", "review_id"),
    reads=frozenset({"raw.reviews", "core.reviews", "metrics.themes", "plan.periods", "plan.run"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=COLUMNS,
    compute=compute,
)
