"""Weighted log-odds with a Dirichlet prior (METRICS.md A26), and the words that it counts."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics import tokens as tokens_module
from pipeline.statistics.log_odds import weighted_log_odds
from pipeline.statistics.term_counts import count_terms, texts_holding
from pipeline.statistics.tokens import tokenise


def test_published_numbers_of_fightin_words():
    """A26 [PUB]: Wigder/fightin_words, prior 0.05 for each word; it prints zeta."""
    first = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "pig"]
    second = ["the", "lazy", "purple", "pig", "jumps", "over", "the", "lazier", "donkey"]
    words = sorted({*first, *second})
    y1, y2 = ([text.count(word) for word in words] for text in (first, second))
    prior = np.full(len(words), 0.05)
    zeta = dict(zip(words, weighted_log_odds(y1, len(first), y2, len(second), prior, prior.sum()).zeta, strict=True))
    for word in ("donkey", "lazier", "purple"):
        assert zeta[word] == pytest.approx(-0.6894227886807968, abs=1e-12)
    for word in ("brown", "fox", "quick"):
        assert zeta[word] == pytest.approx(0.6894227886807968, abs=1e-12)
    for word in ("jumps", "lazy", "over", "pig", "the"):
        assert zeta[word] == 0.0


def test_by_hand_with_unequal_groups():
    """ln(5/105) - ln(3/207) over sqrt(1/5 + 1/3): 4 of 100 and 2 of 200, one of ten words of prior each."""
    found = weighted_log_odds([4], 100, [2], 200, [1], 10)
    assert found.delta[0] == pytest.approx(np.log(5 / 105) - np.log(3 / 207))
    assert found.zeta[0] == pytest.approx(found.delta[0] / np.sqrt(1 / 5 + 1 / 3))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 5)), min_size=1, max_size=20))
def test_exchanging_the_groups_changes_the_sign_alone(counts):
    y1, y2, prior = (np.array(column, dtype=float) for column in zip(*counts, strict=True))
    here = weighted_log_odds(y1, y1.sum() + 5, y2, y2.sum() + 9, prior, prior.sum())
    there = weighted_log_odds(y2, y2.sum() + 9, y1, y1.sum() + 5, prior, prior.sum())
    assert np.allclose(here.zeta, -there.zeta) and np.allclose(here.delta, -there.delta)


def test_a_word_without_prior_is_refused():
    with pytest.raises(ValueError, match="positive prior"):
        weighted_log_odds([1, 2], 3, [1, 2], 3, [0.5, 0], 1)


def words_of(text):
    found = tokenise(pl.Series([text], dtype=pl.String))
    return [found.vocabulary[int(word) - 1] if word else "|" for word in found.word]


def terms_of(text):
    found = tokenise(pl.Series([text], dtype=pl.String))
    return set(found.names(found.terms()["term"].to_numpy()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Never AGAIN", ["never", "again"], id="case"),
        pytest.param("STRASSE Straße", ["strasse", "strasse"], id="case-folding-beyond-lower-case"),
        pytest.param("Ｆｕｌｌ ﬁne cafe\u0301 café", ["full", "fine", "café", "café"], id="NFKC"),
        pytest.param("ﾊﾞｽ", ["バ", "ス"], id="NFKC-before-cutting"),
        pytest.param("can't won’t", ["can't", "won't"], id="apostrophes"),
        pytest.param("'good' word", ["|", "good", "|", "word"], id="quotation-marks"),
        pytest.param("arrived.Broken", ["arrived", "|", "broken"], id="a-forgotten-space"),
        pytest.param("3.5 stars 1,5 kg", ["3.5", "stars", "1,5", "kg"], id="decimals"),
        pytest.param("by 29/03 or 29/03/2018", ["by", "|", "or", "|"], id="dates"),
        pytest.param("foo_bar", ["foo", "bar"], id="underscore"),
        pytest.param("bad 👎🏽 ❤️", ["bad", "👎🏽", "❤️"], id="pictures"),
        pytest.param("质量 很好", ["质", "量", "|", "很", "好"], id="Han"),
        pytest.param("ดีมาก", ["ดี", "ม", "า", "ก"], id="Thai-with-its-marks"),
        pytest.param("ストラー", ["ス", "ト", "ラ", "ー"], id="kana"),
        pytest.param("हिन्दी में", ["हिन्दी", "में"], id="Devanagari-keeps-its-marks"),
        pytest.param("배송이 늦었어요", ["배송이", "늦었어요"], id="Hangul-has-spaces"),
        pytest.param("می\u200cخواهم", ["می\u200cخواهم"], id="joiner-inside-a-Persian-word"),
        pytest.param("", [], id="nothing"),
        pytest.param(None, [], id="null"),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        pytest.param("late late late", {"late", "late late"}, id="a-repeated-word-counts-once"),
        pytest.param("not late, good", {"not", "late", "good", "not late"}, id="no-pair-across-a-comma"),
        pytest.param("Bad. Very bad", {"bad", "very", "very bad"}, id="nor-across-a-full-stop"),
        pytest.param("ten 10 days", {"ten", "days", "ten 10", "10 days"}, id="a-number-alone-says-nothing"),
        pytest.param("很好吃", {"很好", "好吃"}, id="two-characters"),
        pytest.param("很好 吃完", {"很好", "吃完"}, id="not-across-white-space"),
        pytest.param("ok好ok", {"ok"}, id="a-character-and-a-word-are-no-pair"),
    ],
)
def test_terms(text, terms):
    assert terms_of(text) == terms


def test_no_pair_across_two_texts():
    found = tokenise(pl.Series(["very late", "good"]))
    assert "late good" not in set(found.names(found.terms()["term"].to_numpy()))


def test_parts_are_the_codes_of_the_words():
    found = tokenise(pl.Series(["very late"]))
    terms = np.sort(found.terms()["term"].to_numpy())
    assert list(found.names(terms)) == ["late", "very", "very late"]
    first, second = found.parts(terms)
    assert first.tolist() == [terms[0], terms[1], terms[1]]
    assert second.tolist() == [0, 0, terms[0]]


@pytest.mark.parametrize("texts_at_a_time", [1, 2, 100])
def test_counts_do_not_depend_on_the_slices(monkeypatch, texts_at_a_time):
    """Groups lie across slices; terms in fewer than two texts are left out, but their words are counted."""
    monkeypatch.setattr(tokens_module, "SLICE", texts_at_a_time)
    texts = pl.Series(["late late", "very late", None, "good", "late"])
    found = tokenise(texts)
    counts = count_terms(found, np.array([0, 0, 1, 1, 1]), 2, 2)
    assert list(found.names(counts.terms)) == ["late"]
    assert counts.texts_with.toarray().tolist() == [[2], [1]]
    assert (counts.words.tolist(), counts.texts.tolist()) == ([5, 2], [2, 3])
    held, words, total = counts.of(np.array([True, True]))
    assert (held.tolist(), words, total) == ([3], 7, 5)
    assert texts_holding(found, 5, counts.terms).toarray().ravel().tolist() == [1, 1, 0, 0, 1]


def test_words_are_numbered_alike_in_whatever_order_the_texts_come():
    texts = ["zebra Apple", "apple, pear", "Pear"]
    here, there = tokenise(pl.Series(texts)), tokenise(pl.Series(texts[::-1]))
    assert here.vocabulary.to_list() == there.vocabulary.to_list() == ["apple", "pear", "zebra"]
