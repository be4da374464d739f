"""The monthly's themes: which words are told, by which name, with which quote."""

import duckdb
import pytest
from report_support import (
    OFFICE,
    REPORT_MONTH,
    THEMES,
    Made,
    full_report,
    make_published,
    report_of_reviews_and_sales,
)  # fmt: skip

from pipeline.figures import report_figures
from pipeline.figures.voice import Theme, called, quote_of
from pipeline.periods import parse


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return full_report(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def reviews_and_sales(tmp_path_factory):
    return report_of_reviews_and_sales(tmp_path_factory.mktemp("few"))


def test_the_strongest_themes_of_both_sides_with_a_quote_that_fits(full):
    # Beside the charts of answers there is room for three of each side; the changes over time are not printed.
    rows = [[cell.text for cell in row.cells] for row in full.service.themes.rows]
    assert [row[0] for row in rows] == [
        f"{side}{rank}" for side in ("Negative", "Positive") for rank in (1, 2, 3)
    ]  # fmt: skip
    assert rows[0][1:] == ["▼ 1–2 ★", "39", "27.9", "0.9", "“It broke after one week.”"]
    assert rows[3][1:5] == ["▲ 4–5 ★", "39", "5.3", "5.0"]
    assert [row.opens_group for row in full.service.themes.rows] == [False, False, False, True, False, False]
    assert full.service.themes.foot.endswith("With a text: 140 reviews rated 1–2, 739 rated 4–5.")


def test_without_answers_there_is_room_for_five_themes(reviews_and_sales):
    assert len(reviews_and_sales.service.themes.rows) == 10
    assert reviews_and_sales.service.delivery.height > 10, "one chart needs not be low"


@pytest.mark.parametrize(
    ("term", "also", "quote", "printed"),
    [
        ("back", "had; had to; i had; it back; send", "Bad. I had to send it back! Had to.", "i had to send it back"),
        ("back", None, "Back again", "back"),
        ("not", "buy this", "Do not. Buy this", "not"),  # a sentence's end ends the phrase
        ("whole", "our; from our; stars; five", "Five stars from our whole family.", "five stars from our whole"),
        ("late", "", "It never came.", "late"),  # no quote holds it
        ("x" * 40, "", None, "x" * 24 + "…"),
    ],
)  # fmt: skip
def test_a_theme_is_called_by_its_longest_phrase_in_a_quote(term, also, quote, printed):
    assert called(term, also, [quote]) == printed


@pytest.mark.parametrize(
    ("words", "reviews", "is_telling"),
    [("not", 10, False), ("is a", 10, False), ("não foi", 10, False), ("não recebi", 10, True), ("late", 10, True),
     ("product", 60, False), ("bad product", 60, True), ("不好", 10, True)],
)  # fmt: skip
def test_small_words_and_words_of_every_review_tell_nothing(words, reviews, is_telling):
    assert Theme("negative", 1, words, words, reviews, 100, 10, 400, 9.0, ()).is_telling == is_telling


@pytest.mark.parametrize(
    ("quotes", "printed"),
    [
        (("so late " * 20, "Too late."), "“Too late.”"),  # whole before cut
        (("x" * 90, "late " + "y" * 90), "“late " + "y" * 60 + "…”"),  # a cut one that still holds the words
        (("x" * 90 + ". It came late.",), "“… It came late.”"),  # from the sentence that holds them
        (("x" * 90, None), "“" + "x" * 65 + "…”"),  # none holds them as they are written
        (("late\u202eb\x07c\nd",), "“latebc d”"),  # no direction override, no control character, one line
        (("late " + "x" * 61,), "“late " + "x" * 61 + "”"),
        ((None, None), ""),
    ],
)
def test_the_quote_that_says_most_is_chosen(quotes, printed):
    assert quote_of("late", quotes) == printed


def test_a_theme_that_shares_a_long_word_with_a_stronger_one_gives_its_place_to_the_next(tmp_path):
    # The other side may share it; a theme that was dropped itself drops none.
    said = ("Não recebi", "recebi o mesmo", "mesmo dia", "Veio só um", "só isso", "RECEBI")
    names = {f"negative {rank}": term for rank, term in enumerate(said, start=1)}
    names |= {f"positive {rank}": term for rank, term in enumerate(("já recebi", "boa loja", "loja boa"), start=1)}
    service = report_figures(make_published(tmp_path, Made(names=names)), OFFICE, parse(REPORT_MONTH)).service
    assert [row.cells[0].text for row in service.themes.rows] == [
        "Não recebi", "Mesmo dia", "Veio só um", "Já recebi", "Boa loja", "Positive word4",
    ]  # fmt: skip


def test_a_side_without_themes_is_said_and_a_month_without_any_has_no_table(tmp_path):
    folder = make_published(tmp_path, Made(names=THEMES))
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("delete from themes where side = 'negative'")
    themes_page = report_figures(folder, OFFICE, parse(REPORT_MONTH)).service
    themes = themes_page.themes
    assert len(themes.rows) == 3
    assert themes.foot.endswith(
        "140 reviews rated 1–2, 739 rated 4–5. No word stands out in reviews of one or two stars."
    )
    before = report_figures(folder, OFFICE, parse("2026-02")).service
    assert before.themes is None and before.reviews.height > themes_page.reviews.height
