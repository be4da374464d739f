"""What a word is, in any language, and which words stand beside each other.

What belongs here: cutting texts into words and coding them as whole numbers, vectorized. Which texts, and what their
words say, is `pipeline.analyses.themes`; what must not be counted is taken out before (`pipeline.masking`).

Words are those of Unicode's segmentation (UAX #29), after compatibility composition (NFKC) and case folding, but for a
full stop or a colon between letters, which parts them: people forget the space. A picture (emoji) is a word. Scripts
that set no spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar) are cut into their characters, and two adjacent
ones make a term, so that no dictionary is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: Texts that are cut at a time, to bound the memory.
SLICE = 100_000

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_CHARACTER = rf"[[{_UNSPACED}]--\p{{M}}]\p{{M}}*"
_LETTERS = rf"[\w--[{_UNSPACED}_]]"
_WORD = rf"{_LETTERS}+(?:['’]{_LETTERS}+|[.,]\p{{Nd}}+)*"
_PICTURE = r"\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}\u200d]*"
#: A date, or a sign that ends a phrase: the words on its two sides do not stand beside each other.
_BREAK = r"\p{Nd}{1,4}/\p{Nd}{1,2}(?:/\p{Nd}{1,4})?|[\p{Po}\p{Ps}\p{Pe}\n]"
_TOKEN = rf"{_BREAK}|{_CHARACTER}|{_WORD}|{_PICTURE}"

Codes = NDArray[np.uint64]


@dataclass(frozen=True)
class Tokens:
    """The words of texts, in order. `text` is the position of the text that a word is in, rising; `word` its number in
    `vocabulary`, counted from 1; 0 is a break. `is_character` says which numbers are single characters of an unspaced
    script, `is_alone` which are a term without a neighbour."""

    text: NDArray[np.uint32]
    word: NDArray[np.uint32]
    vocabulary: pl.Series
    is_character: NDArray[np.bool_]
    is_alone: NDArray[np.bool_]

    def slices(self) -> Iterator[Tokens]:
        """The words of some texts at a time, in order; at least one part. Positions and numbers stay as they are."""
        last = int(self.text[-1]) if self.text.size else 0
        for first in range(0, last + 1, SLICE):
            start, end = np.searchsorted(self.text, [first, first + SLICE])
            yield replace(self, text=self.text[start:end], word=self.word[start:end])

    def terms(self) -> pl.DataFrame:
        """Every (text, term) once, however often the text repeats the term.

        A term is a word, but for a bare number, or two that stand beside each other; of unspaced scripts, two adjacent
        characters. Its code is `first * (words + 1) + second`, second 0 for a word alone: `names` reads it back.
        """
        base = np.uint64(len(self.vocabulary) + 1)
        words = self.word.astype(np.uint64)
        character, single = self.is_character[self.word], self.is_alone[self.word]
        first, second = words[:-1], words[1:]
        beside = (self.text[:-1] == self.text[1:]) & (first > 0) & (second > 0) & (character[:-1] == character[1:])
        return pl.DataFrame(
            {
                "text": np.concatenate([self.text[single], self.text[:-1][beside]]),
                "term": np.concatenate([words[single] * base, first[beside] * base + second[beside]]),
            }
        ).unique()

    def parts(self, terms: Codes) -> tuple[Codes, Codes]:
        """The two words of each term, as codes of terms of their own; 0 where there is no second."""
        base = np.uint64(len(self.vocabulary) + 1)
        return terms // base * base, terms % base * base

    def names(self, terms: Codes) -> pl.Series:
        """The terms as they are written: words with a space between, characters without."""
        base = np.uint64(len(self.vocabulary) + 1)
        words = pl.concat([pl.Series([""]), self.vocabulary])
        first, second = terms // base, terms % base
        is_spaced = (second > 0) & ~self.is_character[first]
        space = pl.Series(np.where(is_spaced, " ", ""))
        return words.gather(first) + space + words.gather(second)


def tokenise(texts: pl.Series) -> Tokens:
    """Cut the texts into words. A null is an empty text. Words are numbered in the order of their code points, so that
    the same texts give the same numbers in whatever order they come."""
    categories = pl.Categories.random()
    lengths, codes = [], []
    for start in range(0, len(texts), SLICE):
        found = _cut(texts.slice(start, SLICE))
        lengths.append(found.list.len().fill_null(0).to_numpy())
        words = found.explode(empty_as_null=False, keep_nulls=False).cast(pl.Categorical(categories))
        codes.append(words.to_physical().to_numpy())
    folded = _folded(categories.to_series()) if codes else pl.Series([], dtype=pl.String)
    is_break = folded.str.contains(rf"^(?:{_BREAK})?$")
    vocabulary = folded.filter(~is_break).unique().sort()
    numbers = np.where(is_break, 0, vocabulary.search_sorted(folded).to_numpy() + 1).astype(np.uint32)
    counts = np.concatenate([np.empty(0, np.uint32), *lengths])
    is_character = vocabulary.str.contains(rf"^{_CHARACTER}$").to_numpy()
    is_number = vocabulary.str.contains(r"^[\p{Nd}.,]+$").to_numpy()
    return Tokens(
        np.repeat(np.arange(len(counts), dtype=np.uint32), counts),
        numbers[np.concatenate([np.empty(0, np.uint32), *codes])],
        vocabulary,
        np.concatenate([[False], is_character]),
        np.concatenate([[False], ~is_character & ~is_number]),
    )


def _cut(texts: pl.Series) -> pl.Series:
    """A list of words and breaks for each text. White space in an unspaced script is a break."""
    return texts.str.normalize("NFKC").str.replace_all(rf"([{_UNSPACED}])\s+", "$1\n").str.extract_all(_TOKEN)


def _folded(words: pl.Series) -> pl.Series:
    """Case folded as Unicode says it, which no engine does: a loop over the vocabulary, never over texts."""
    folded = pl.Series([word.replace("’", "'").casefold() for word in words.to_list()], dtype=pl.String)
    return folded.str.normalize("NFKC")
