"""The quarterly's page on what reviews say: which theme leads, where complaints fall, what changed and what did not."""

from __future__ import annotations

from math import comb
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed

from pipeline.charts import svg
from pipeline.figures.published import open_published
from pipeline.figures.quarterly.complaint_places import Place, _upper_tail, low_ratings_table, places_of
from pipeline.figures.quarterly.theme_tables import NEGATIVES, change_table, shown_themes
from pipeline.figures.quarterly.voice_page import voice_page
from pipeline.figures.voice import Theme, themes_of
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

THEME = """insert into themes by name select '2026-Q1' as period_id, '{}' as contrast, '{}' as side, {} as rank,
    '{}' as term, '' as also, {} as reviews, 1000 as side_reviews, {} as other_reviews, 2000 as other_side_reviews,
    1.0 as log_odds, {} as zeta, 0.001 as p_adjusted, 'It came late.' as quote_1"""


def plain(text: str) -> str:
    return text.replace("\u202f", "")


#: Ten themes of low ratings, the last `broken`, and two of high ones.
POLARITY = (
    f"delete from themes where period_id = '{QUARTER}'",
    *(
        THEME.format("polarity", "negative", rank, "broken" if rank == 10 else f"word{rank}", 40 - rank, 1, 20 - rank)
        for rank in range(1, 11)
    ),
    *(THEME.format("polarity", "positive", rank, f"praise{rank}", 300 + rank, 1, 12 - rank) for rank in (1, 2)),
)


def low_ratings(broken_home: int, broken_else: int, other_home: int, other_else: int) -> tuple[str, ...]:
    """A quarter's low ratings made up: those that say `broken`, and others, of Home & Kitchen and of Fashion."""
    parts = (("Home & Kitchen", "It came broken!", broken_home), ("Fashion", "Broken.", broken_else),
             ("Home & Kitchen", "Unbroken silence", other_home), ("Fashion", "Too small", other_else))  # fmt: skip
    return (
        "drop table if exists low_ratings",
        "create table low_ratings (review_id varchar, day date, product_id varchar, text varchar)",
        *(
            f"""insert into low_ratings select '{index}-' || i, date '2026-02-01', (select min(product_id) from products
            where category = '{category}'), '{text}' from range({many}) as r (i)"""
            for index, (category, text, many) in enumerate(parts)
        ),
    )


def test_a_theme_mostly_about_one_category_is_found_by_whole_words(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, *low_ratings(18, 2, 20, 60)) as source:
        [(term, place)] = places_of(source, ["broken"]).items()
    assert (term, place.category, place.holding, place.holders) == ("broken", "Home & Kitchen", 18, 20)
    assert (place.of_category, place.texts) == (38, 100)
    ways = sum(comb(38, k) * comb(62, 20 - k) for k in (18, 19, 20))
    assert place.p == pytest.approx(ways / comb(100, 20), rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((8, 12, 20, 60), "less than half of those that say it"),
        ((10, 8, 40, 40), "half of them, as of all"),
        ((4, 0, 20, 60), "too few to test"),
    ],
)
def test_a_theme_is_not_tied_to_a_category_by(sample_office: DataFolder, tmp_path: Path, counts, why) -> None:
    with changed(sample_office, tmp_path, *low_ratings(*counts)) as source:
        assert places_of(source, ["broken"]) == {}, why


def test_the_upper_tail_is_one_from_nothing_on() -> None:
    assert _upper_tail(0, 100, 38, 20) == pytest.approx(1)


def test_the_message_tells_what_low_ratings_of_one_category_say(sample_office: DataFolder, tmp_path: Path) -> None:
    """The sample's story: buyers of the falling category write of what came broken."""
    with changed(sample_office, tmp_path, *low_ratings(18, 2, 20, 60), *POLARITY) as source:
        page = voice_page(source, Office())
    assert page is not None and page.themes is not None
    assert plain(page.message.text) == (
        "Of the low ratings that say “broken”, 90% are of Home & Kitchen, which has 38% of all low ratings with a "
        "text: beyond chance."
    )
    [row] = [row for row in page.themes.table.rows if "Home & Kitchen" in row.cells[6].text]
    assert row.cells[0].text == "Broken" and plain(row.cells[6].text) == "Home & Kitchen 90%"
    assert page.unchanged.startswith("No word came or went beyond chance")
    assert page.number is not None and (page.number.text, page.number.unit) == ("90", "%"), "the message's own number"
    assert page.number.line == "of the 20 low ratings that say “broken” are of Home & Kitchen"


def test_small_words_do_not_come_or_go(sample_office: DataFolder, tmp_path: Path) -> None:
    """A word of three letters, and one that a third of all reviews use, say nothing; that they changed is said."""
    told = (
        THEME.format("change", "period", 1, "not", 64, 78, 6.0),
        THEME.format("change", "before", 1, "product", 400, 600, 5.0),
    )
    with changed(sample_office, tmp_path, *POLARITY, *told) as source:
        page = voice_page(source, Office())
    assert page is not None and page.changes is None
    assert page.unchanged == "Only small words, or words in every sort of review, came or went beyond chance."


def test_what_is_said_more_leads_the_page(sample_office: DataFolder, tmp_path: Path) -> None:
    told = (
        THEME.format("change", "period", 1, "late", 64, 78, 6.0),
        THEME.format("change", "before", 1, "gift", 90, 20, 5.0),
    )
    with changed(sample_office, tmp_path, *POLARITY, *told) as source:
        page = voice_page(source, Office())
        table = change_table(source, themes_of(source, "change"))
    assert page is not None and page.unchanged == ""
    assert plain(page.message.text) == (
        "“Late” is in 6.4% of the quarter's reviews with a text, up beyond chance from 3.9% in the six months before."
    )
    assert [[cell.text for cell in row.cells[:4]] for row in table.rows] == [
        ["Late", "▲ more", "6.4", "3.9"],
        ["Gift", "▼ less", "1.0", "9.0"],
    ]
    assert table.foot.startswith("Share of 1\u202f000 reviews with a text, and of 2\u202f000 in the six months before")


def theme(rank: int, reviews: int, others: int, side: str = "negative") -> Theme:
    return Theme(side, rank, f"w{rank}", f"w{rank}", reviews, 100, others, 100, 20.0 - rank, ())


def test_small_words_give_way_and_themes_of_a_category_are_kept() -> None:
    """A word of long texts is typical, but not ten times; the last theme stands out in a category."""
    negative = [theme(1, 90, 10), *(theme(rank, 30, 1) for rank in range(2, 12)), theme(12, 20, 10)]
    place = Place("Home", 9, 10, 20, 100, 1e-6)
    shown, _ = shown_themes({"negative": negative}, {"w12": place})
    assert [found.rank for found in shown] == [2, 3, 4, 5, 6, 12] and len(shown) == NEGATIVES
    only_small, _ = shown_themes({"negative": [theme(1, 90, 10)]}, {})
    assert [found.rank for found in only_small] == [1]


def test_bars_and_table_hold_the_published_themes(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, *POLARITY) as source:
        page = voice_page(source, Office())
        published = {
            (side, reviews, round(zeta, 1))
            for side, reviews, zeta in source.rows(
                f"select side, reviews, zeta from themes where period_id = '{QUARTER}' and contrast = 'polarity'"
            )
        }
    assert page is not None and page.themes is not None
    side_of = {"▼ 1–2 ★": "negative", "▲ 4–5 ★": "positive"}
    rows = page.themes.table.rows
    assert {
        (side_of[row.cells[1].text], int(plain(row.cells[3].text)), float(row.cells[2].text)) for row in rows
    } <= published
    assert len(rows) == len(page.themes.left) + len(page.themes.right)
    drawn = svg(page.themes, "#1f4e79")
    assert "Bars of the log-odds" in drawn and page.themes.heads[0] in drawn


def test_low_ratings_by_category_add_up(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        table = low_ratings_table(source)
        published = source.rows(
            f"""select entity_id, value, value / n from metrics where metric = 'negative_review_count'
            and scope = 'category' and period_id = '{QUARTER}' and value is not null order by value desc, entity_id"""
        )
    assert table is not None
    assert [(row.cells[0].text, int(row.cells[1].text)) for row in table.rows] == [
        (name.replace("_", " "), value) for name, value, _ in published
    ][:8]
    for row, (_, _, share) in zip(table.rows, published, strict=False):
        assert float(row.cells[2].text) == pytest.approx(100 * share, abs=0.051)
    total = sum(value for _, value, _ in published)
    assert f" {total:.0f} low ratings in all" in plain(table.foot)


def test_names_of_any_length_and_direction_are_printed_safely(sample_office: DataFolder, tmp_path: Path) -> None:
    name = "متجر" + "\u202e" + "x" * 300
    renamed = f"update metrics set entity_id = '{name}' where entity_id = 'Fashion'"
    with changed(sample_office, tmp_path, renamed) as source:
        table = low_ratings_table(source)
    assert table is not None
    printed = next(row.cells[0].text for row in table.rows if row.cells[0].text.startswith("متجر"))
    assert len(printed) <= 44 and "\u202e" not in printed


def test_without_texts_there_is_no_page(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "delete from themes") as source:
        assert voice_page(source, Office()) is None


def test_the_first_quarter_has_nothing_before_it(sample_office: DataFolder, tmp_path: Path) -> None:
    first = "update themes set period_id = '2024-Q4' where period_id = '2026-Q1' and contrast = 'polarity'"
    with changed(sample_office, tmp_path, *POLARITY, first, period="2024-Q4") as source:
        page = voice_page(source, Office())
    assert page is not None and page.changes is None
    assert page.unchanged.startswith("These are the first reviews")


def test_praise_with_complaints_is_counted_where_it_is_looked_for(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        *POLARITY,
        "create or replace table praise_with_complaints as "
        f"select '{QUARTER}' as period_id, i::varchar as review_id from range(3) as r (i)",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page, five = voice_page(source, Office()), source.at("review_stars_5")
    assert page is not None and five is not None and five.value is not None
    assert plain(page.praise).startswith(f"3 reviews of {five.value:.0f} with five stars hold ")
