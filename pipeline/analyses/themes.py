"""What people write about: the words by which two groups of reviews differ, with quotes.

What belongs here: which reviews are compared, which words are a theme, how a list of them stays readable, and the
quotes. The formula is `pipeline.statistics.log_odds`, what a word is `pipeline.statistics.tokens`, what a quote must
not show `pipeline.masking`. Verdicts by stars alone are `sql/metrics/sentiment.sql`.

Two contrasts for each month and quarter (METRICS.md A26): `polarity`, its reviews of one and two stars against those of
four and five; `change`, its reviews against those of the six months before it. Reviews are counted, not words: one that
repeats a word counts once. No list of stop words is needed in any language: what both groups say alike has no zeta.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from pipeline.masking import LONGEST_QUOTE, mask, quote
from pipeline.model import Model
from pipeline.policies import load_policies
from pipeline.statistics.log_odds import weighted_log_odds
from pipeline.statistics.term_counts import Integers, TermCounts, count_terms, texts_holding
from pipeline.statistics.tokens import Codes, Tokens, tokenise

#: A word is tested when at least so many reviews of the two groups hold it, and a theme when of its own group do.
FEWEST_REVIEWS = 5
FALSE_DISCOVERIES = 0.05
MONTHS_BEFORE = 6
MONTHS_OF_BACKGROUND = 12
#: The longest list that is kept of one side of a contrast, and the quotes of each theme.
LONGEST_LIST = 50
QUOTES = 3
SHORTEST_QUOTE = 40
#: Two terms are one theme when at least this share of the reviews that hold either hold both.
SAME_THEME = 0.5
#: A pair of words takes the place of one of its words when it is in at least this share of the word's reviews.
SAME_REVIEWS = 0.9
#: So many of the strongest terms of a side are looked at to find its list, and so many others are named with a theme.
CANDIDATES = 200
MOST_OTHERS = 10
POLARITIES = 3
NEGATIVE, POSITIVE = 0, 2

COLUMNS = """
    period_id varchar, contrast varchar, side varchar, rank integer, term varchar, also varchar,
    reviews bigint, side_reviews bigint, other_reviews bigint, other_side_reviews bigint,
    log_odds double, zeta double, p_adjusted double,
    review_id_1 varchar, quote_1 varchar, review_id_2 varchar, quote_2 varchar, review_id_3 varchar, quote_3 varchar
"""

#: The published ratings with a text of some months, in the order in which they are quoted: first those that are neither
#: a word nor an essay, then the latest. The same text by the same buyer in the same month is one.
_REVIEWS = """
with texts as (
    select review_id, text
    from raw.reviews
    where created_at < (select as_of from plan.run)
    qualify row_number() over (partition by review_id order by seller_id nulls last) = 1
)
select
    r.review_id,
    t.text,
    cast(12 * year(r.day) + month(r.day) as integer) as month,
    cast(case when r.stars <= 2 then 0 when r.stars = 3 then 1 else 2 end as integer) as polarity
from core.reviews as r
inner join texts as t using (review_id)
where r.is_rated and r.has_text and r.day >= ? and r.day < ?
qualify row_number() over (
    partition by r.buyer_id, t.text, date_trunc('month', r.day) order by r.created_at, r.review_id
) = 1
order by length(t.text) between ? and ? desc, r.created_at desc, r.review_id
"""


class Group(NamedTuple):
    """The reviews of one side of a contrast: months `[start, end)`, and some polarities."""

    side: str
    start: int
    end: int
    polarities: tuple[int, ...] = tuple(range(POLARITIES))

    def among(self, months: Integers, polarities: Integers) -> NDArray[np.bool_]:
        return (self.start <= months) & (months < self.end) & np.isin(polarities, self.polarities)


class Contrast(NamedTuple):
    """Two groups to compare, and the one that says how usual a word is."""

    period_id: str
    name: str
    first: Group
    second: Group
    background: Group


class Side(NamedTuple):
    """The terms that are more typical of one group of a contrast, strongest first, and what the table says of each.
    `terms` are columns of the counts."""

    group: Group
    terms: Integers
    figures: pl.DataFrame


@dataclass(frozen=True)
class Corpus:
    """All reviews that the contrasts look at, their words, and how many reviews of each month and polarity hold each
    term."""

    reviews: pl.DataFrame
    tokens: Tokens
    counts: TermCounts
    months: Integers
    polarities: Integers

    def of(self, group: Group) -> tuple[Integers, int, int]:
        return self.counts.of(group.among(self.months, self.polarities))


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The themes of the planned months and quarters; none where reviews have no texts, or there is nothing to compare
    them with."""
    contrasts = list(_contrasts(con))
    reviews = _read_reviews(con) if contrasts else pl.DataFrame()
    if reviews.is_empty():
        return reviews
    corpus = _corpus(reviews)
    prior_share = load_policies(config).themes_prior_share
    sides = [side for contrast in contrasts for side in _sides(corpus, contrast, prior_share)]
    return _with_quotes(pl.concat(_listed(corpus, sides)), reviews) if sides else pl.DataFrame()


def _contrasts(con: duckdb.DuckDBPyConnection) -> Iterator[Contrast]:
    periods = con.execute(
        """
        select
            period_id, cast(12 * year(period_start) + month(period_start) as integer),
            cast(12 * year(period_end) + month(period_end) as integer)
        from plan.periods where period_type <> 'week' order by period_type, period_start
        """
    ).fetchall()
    for period_id, start, end in periods:
        usual = Group("", end - MONTHS_OF_BACKGROUND, end)
        negative, positive = Group("negative", start, end, (NEGATIVE,)), Group("positive", start, end, (POSITIVE,))
        yield Contrast(period_id, "polarity", negative, positive, usual)
        now, before = Group("period", start, end), Group("before", start - MONTHS_BEFORE, start)
        yield Contrast(period_id, "change", now, before, usual)


def _read_reviews(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The reviews of every month that some contrast looks at, background included."""
    bounds = con.execute(
        "select min(period_end) - to_months(?), max(period_end) from plan.periods where period_type <> 'week'",
        [MONTHS_OF_BACKGROUND],
    ).fetchall()[0]
    return con.execute(_REVIEWS, [*bounds, SHORTEST_QUOTE, LONGEST_QUOTE]).pl()


def _corpus(reviews: pl.DataFrame) -> Corpus:
    months, polarities = (reviews[name].to_numpy().astype(np.int64) for name in ("month", "polarity"))
    first_month, last_month = int(months.min()), int(months.max())
    tokens = tokenise(mask(reviews["text"], "\n"))
    groups = POLARITIES * (last_month - first_month + 1)
    counts = count_terms(tokens, POLARITIES * (months - first_month) + polarities, groups, FEWEST_REVIEWS)
    month_of_group, polarity_of_group = np.divmod(np.arange(groups), POLARITIES)
    return Corpus(reviews, tokens, counts, first_month + month_of_group, polarity_of_group)


def _sides(corpus: Corpus, contrast: Contrast, prior_share: float) -> Iterator[Side]:
    """The significant terms of both sides. None where a group has no review, no term is in enough, or one is all that
    is ever said."""
    (first, n1, texts1), (second, n2, texts2) = corpus.of(contrast.first), corpus.of(contrast.second)
    background, words, _ = corpus.of(contrast.background)
    tested = np.flatnonzero(first + second >= FEWEST_REVIEWS)
    if not (texts1 and texts2 and tested.size) or background.max() == words:
        return
    prior = prior_share * (n1 + n2)
    delta, zeta = weighted_log_odds(first[tested], n1, second[tested], n2, prior * background[tested] / words, prior)
    adjusted = stats.false_discovery_control(2 * stats.norm.sf(np.abs(zeta)))
    for group, sign, own, own_texts, other, other_texts in (
        (contrast.first, 1, first, texts1, second, texts2),
        (contrast.second, -1, second, texts2, first, texts1),
    ):
        good = np.flatnonzero((adjusted <= FALSE_DISCOVERIES) & (sign * zeta > 0) & (own[tested] >= FEWEST_REVIEWS))
        # Terms rise with their words, so that of equally strong ones the first in the alphabet comes first.
        good = good[np.argsort(-sign * zeta[good], kind="stable")][:CANDIDATES]
        if good.size:
            figures = {
                "period_id": contrast.period_id,
                "contrast": contrast.name,
                "side": group.side,
                "reviews": own[tested[good]],
                "side_reviews": own_texts,
                "other_reviews": other[tested[good]],
                "other_side_reviews": other_texts,
                "log_odds": sign * delta[good],
                "zeta": sign * zeta[good],
                "p_adjusted": adjusted[good],
            }
            yield Side(group, tested[good], pl.DataFrame(figures))


def _listed(corpus: Corpus, sides: list[Side]) -> Iterator[pl.DataFrame]:
    """The themes of every side, ranked, with the positions of the reviews to quote."""
    candidates = np.unique(np.concatenate([side.terms for side in sides]))
    held = texts_holding(corpus.tokens, corpus.reviews.height, corpus.counts.terms[candidates])
    months, polarities = (corpus.reviews[name].to_numpy() for name in ("month", "polarity"))
    for side in sides:
        rows = np.flatnonzero(side.group.among(months, polarities))
        holds = held[rows][:, np.searchsorted(candidates, side.terms)]
        codes = corpus.counts.terms[side.terms]
        names = corpus.tokens.names(codes)
        themes = _grouped((holds.T @ holds).toarray(), *corpus.tokens.parts(codes))
        leaders = [leader for leader, _ in themes]
        columns = holds.tocsc()
        texts_of = [rows[columns.indices[columns.indptr[leader] : columns.indptr[leader + 1]]] for leader in leaders]
        yield side.figures[leaders].with_columns(
            term=names.gather(leaders),
            also=pl.Series(["; ".join(names.gather(others[:MOST_OTHERS])) for _, others in themes], dtype=pl.String),
            rank=pl.Series(range(1, len(themes) + 1), dtype=pl.Int32),
            quoted=pl.Series(_to_quote(texts_of, corpus.reviews["text"]), dtype=pl.List(pl.Int64)),
        )


def _grouped(together: NDArray[np.int32], first: Codes, second: Codes) -> list[tuple[int, list[int]]]:
    """The terms, strongest first, as themes: (the one that names each, its others). `together` counts the reviews that
    hold both of two terms; `first` and `second` are a term's words.

    A term joins the strongest theme that is in mostly the same reviews: `send`, `send it` and `it back` are one.
    """
    own = together.diagonal()
    overlap = together / (own[:, None] + own - together)
    themes: list[list[int]] = []
    for term in range(len(own)):
        home = next((theme for theme in themes if overlap[theme[0], term] >= SAME_THEME), None)
        if home is not None:
            home.append(term)
        elif len(themes) < LONGEST_LIST:
            themes.append([term])
    for theme in themes:
        word, *others = theme
        pairs = [i for i in others if second[i] and not second[word] and first[word] in (first[i], second[i])]
        better = next((i for i in pairs if own[i] >= SAME_REVIEWS * own[word]), word)
        theme.remove(better)
        theme.insert(0, better)
    return sorted((theme[0], theme[1:]) for theme in themes)


def _to_quote(texts_of: list[Integers], texts: pl.Series) -> list[list[int]]:
    """For each theme the first of its texts that say something different, and that no theme before it took if others
    are left."""
    taken: set[int] = set()
    quoted = []
    for positions in texts_of:
        chosen: dict[str, int] = {}
        for position in chain((p for p in positions.tolist() if p not in taken), positions.tolist()):
            chosen.setdefault(texts[position].casefold(), position)
            if len(chosen) == QUOTES:
                break
        taken.update(chosen.values())
        quoted.append(list(chosen.values()))
    return quoted


def _with_quotes(themes: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """The positions in `quoted` turned into review ids and quotes."""
    quoted = reviews.with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    quoted = quoted.filter(pl.col("position").is_in(themes["quoted"].explode().unique().implode()))
    quoted = quoted.select("position", "review_id", quote=quote(quoted["text"]))
    for number in range(QUOTES):
        themes = themes.with_columns(position=pl.col("quoted").list.get(number, null_on_oob=True))
        themes = themes.join(quoted, on="position", how="left", maintain_order="left").rename(
            {"review_id": f"review_id_{number + 1}", "quote": f"quote_{number + 1}"}
        )
    return themes.drop("position", "quoted")


MODEL = Model(
    schema="metrics",
    name="themes",
    description="The words by which a period's negative reviews differ from its positive ones, and its reviews from "
    "those of the six months before, each with the reviews that hold it and three quotes.",
    grain=("period_id", "contrast", "side", "rank"),
    reads=frozenset({"raw.reviews", "core.reviews", "plan.periods", "plan.run"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=COLUMNS,
    compute=compute,
)
