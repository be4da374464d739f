"""How many texts hold each term, by groups of texts, as sparse matrices.

What belongs here: counting over `tokens.Tokens`, a slice of texts at a time to bound the memory. What the groups are is
`pipeline.analyses.themes`' matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from pipeline.statistics.tokens import Codes, Tokens

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class TermCounts:
    """How many texts of each group (row of `texts_with`) hold each of `terms` (column; rising). `words` counts every
    term of a group's texts, those left out of `terms` too, each once for a text; `texts` counts the texts."""

    terms: Codes
    texts_with: sparse.csr_array
    words: Integers
    texts: Integers

    def of(self, groups: NDArray[np.bool_]) -> tuple[Integers, int, int]:
        """(texts that hold each term, all words, all texts) of those groups together."""
        chosen = groups.astype(np.int64)
        return chosen @ self.texts_with, int(chosen @ self.words), int(chosen @ self.texts)


def count_terms(tokens: Tokens, group_of_text: Integers, groups: int, fewest: int) -> TermCounts:
    """Count every term by group. Terms that fewer than `fewest` texts hold in all are left out of `terms`."""
    groups_of_slices = []
    for part in tokens.slices():
        pairs = part.terms()
        of_pair = pl.Series("group", group_of_text[pairs["text"].to_numpy()])
        groups_of_slices.append(pairs.select("term", of_pair).group_by("group", "term").agg(texts=pl.len()))
    counted = pl.concat(groups_of_slices)
    words = np.zeros(groups, dtype=np.int64)
    np.add.at(words, counted["group"].to_numpy(), counted["texts"].to_numpy())
    kept = counted.filter(pl.col("texts").sum().over("term") >= fewest)
    terms = kept["term"].unique().sort()
    # A group whose texts lie in two slices has two entries for a term, which the matrix adds up.
    matrix = sparse.csr_array(
        (
            kept["texts"].to_numpy().astype(np.int64),
            (kept["group"].to_numpy(), terms.search_sorted(kept["term"]).to_numpy()),
        ),
        shape=(groups, len(terms)),
    )
    return TermCounts(terms.to_numpy(), matrix, words, np.bincount(group_of_text, minlength=groups))


def texts_holding(tokens: Tokens, texts: int, terms: Codes) -> sparse.csr_array:
    """Which text (row) holds which of the terms (column; rising), as 1 or 0."""
    wanted = pl.Series(terms)
    pairs = pl.concat([part.terms().filter(pl.col("term").is_in(wanted.implode())) for part in tokens.slices()])
    columns = wanted.search_sorted(pairs["term"]).to_numpy()
    ones = np.ones(pairs.height, dtype=np.int32)
    return sparse.csr_array((ones, (pairs["text"].to_numpy(), columns)), shape=(texts, len(terms)))
