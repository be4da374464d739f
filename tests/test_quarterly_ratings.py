"""The quarterly's page on ratings: numbers equal the published tables, tests decide its words, absence is told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed

from pipeline.charts import svg
from pipeline.figures.published import Published, Value, open_published
from pipeline.figures.quarterly.category_ratings import category_steps, months_in_a_row
from pipeline.figures.quarterly.entity_moves import step_cell
from pipeline.figures.quarterly.rating_trends import trend_table
from pipeline.figures.quarterly.ratings_page import RatingsPage, ratings_page
from pipeline.figures.steps import adjusted_chances, chance, steps_beyond_noise
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

#: The small sample has trends by chance of its size; a page without any has room for all categories.
NO_VERDICT = f"update rating_trends set verdict = 'stable' where period_id = '{QUARTER}' and p_value is not null"


def plain(text: str) -> str:
    return text.replace("\u202f", "").replace("\u00a0", " ").replace("\u2212", "-")


@pytest.fixture(scope="module")
def source(sample_office: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with changed(sample_office, tmp_path_factory.mktemp("ratings"), NO_VERDICT) as found:
        yield found


@pytest.fixture(scope="module")
def page(source: Published) -> RatingsPage:
    found = ratings_page(source, Office())
    assert found is not None
    return found


def test_every_category_stands_in_the_panels_and_the_table_with_its_published_average(source, page) -> None:
    published = source.rows(
        f"""select replace(entity_id, '_', ' '), value, n from metrics
        where metric = 'rating_mean' and scope = 'category' and period_id = '{QUARTER}'"""
    )
    chart = page.categories
    rows = {row.cells[0].text: row.cells for row in chart.table.rows}
    own = next(i for i, column in enumerate(chart.table.columns) if column.head == "Q1 26")
    assert {name: (float(cells[own].text), int(plain(cells[own + 2].text))) for name, cells in rows.items()} == {
        name: (pytest.approx(value, abs=0.0051), n) for name, value, n in published
    }
    assert {panel.name: panel.values[-1] for panel in chart.panels} == {name: value for name, value, _ in published}
    assert rows["Home & Kitchen"][own].figure == f"rating_mean/{QUARTER}/category/Home & Kitchen/value"
    assert all(chart.low <= value <= chart.high for panel in chart.panels for value in panel.values if value)


def test_the_star_counts_are_the_quarters_the_one_befores_and_last_years(source, page) -> None:
    names = [row.cells[0].text for row in page.stars.table.rows]
    assert names == ["Q1 2026", "Q4 2025", "Q1 2025"]
    [(total,)] = source.rows(
        f"select sum(value) from metrics where metric like 'review_stars_%' and period_id = '{QUARTER}'"
    )
    assert int(plain(page.stars.table.rows[0].cells[-1].text)) == total
    assert all(sum(shares) == pytest.approx(1, abs=1e-5) for shares in page.stars.shares)


def test_the_falling_category_is_told_unprompted(sample_office: DataFolder, tmp_path: Path) -> None:
    """The sample's story at its full size, planted into the small sample's published averages."""
    fall = {"2025-Q4": (4.2052, 4.1167, 4.2937, 653), "2026-Q1": (3.6944, 3.5722, 3.8166, 517)}
    statements = (
        *(
            f"""update metrics set value = {value}, low = {low}, high = {high}, n = {n}
            where metric = 'rating_mean' and entity_id = 'Home & Kitchen' and period_id = '{period}'"""
            for period, (value, low, high, n) in fall.items()
        ),
        *(
            f"update metrics set value = {value}, low = {value - 0.03}, high = {value + 0.03} "
            f"where metric = 'rating_mean' and scope = 'all' and period_id = '{period}'"
            for period, value in (("2025-Q4", 4.16), ("2026-Q1", 4.08))
        ),
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = ratings_page(source, Office())
    assert page is not None
    assert page.message.text == (
        "Average rating fell to 4.08 stars from 4.16, beyond noise; Home & Kitchen fell furthest, to 3.69 from 4.21."
    )
    first = page.categories.panels[0]
    assert (first.name, first.last_label, first.tone) == ("Home & Kitchen", "▼ 3.69", "bad")
    assert page.categories.table.rows[0].cells[0].text == "Home & Kitchen"


def value(mean: float, half: float, n: int) -> Value:
    return Value("2026-Q1", "x", mean, n=n, low=mean - half, high=mean + half)


def test_a_step_is_held_against_both_errors_and_corrected_for_many() -> None:
    one, other = value(4.0, 0.196, 100), value(3.72, 0.196, 100)  # errors of 0.1 each: z = 0.28 / 0.1414 = 1.98
    assert chance(one, other) == pytest.approx(math.erfc(0.28 / math.hypot(0.1, 0.1) / math.sqrt(2)), rel=1e-4)
    assert list(steps_beyond_noise({"a": one}, {"a": other})) == ["a"]
    still = {f"s{i}": one for i in range(9)}
    assert steps_beyond_noise({"a": one, **still}, {"a": other, **still}) == {}


def test_a_step_of_few_cases_is_not_judged() -> None:
    one, other = value(4.0, 0.01, 29), value(3.0, 0.01, 500)
    assert steps_beyond_noise({"a": one}, {"a": other}) == {}
    assert step_cell(None, one, other).text == "too few"
    assert step_cell(None, value(4.0, 0.1, 50), None).text == "–"
    assert step_cell((one, other), value(4.0, 0.1, 50), value(3.0, 0.1, 50)).text == "▲ better"
    assert step_cell((one, other), value(4.0, 0.1, 50), value(3.0, 0.1, 50), "down").text == "▼ worse"


def test_a_share_of_cases_is_tested_as_a_proportion() -> None:
    one = replace(value(0.5, 0.1, 60), numerator=30, denominator=60)
    other = replace(value(0.75, 0.1, 60), numerator=45, denominator=60)
    pooled = math.sqrt(0.625 * 0.375 * 2 / 60)
    assert chance(one, other) == pytest.approx(math.erfc(0.25 / pooled / math.sqrt(2)))
    cents = [replace(one, numerator=30_000, denominator=60_000), replace(other, numerator=45_000, denominator=60_000)]
    by_interval = math.erfc(0.25 / (math.hypot(0.1, 0.1) / 1.959964) / math.sqrt(2))
    assert chance(*cents) == pytest.approx(by_interval), "money is no number of cases"
    assert chance(replace(one, low=None, high=None), other) is None, "a census has no chance"


def test_what_cannot_be_tested_counts_for_no_correction() -> None:
    one, other = value(4.0, 0.196, 100), value(3.72, 0.196, 100)
    nothing = replace(one, low=None, high=None)
    alone = adjusted_chances({"a": one}, {"a": other})
    assert adjusted_chances({"a": one, "b": nothing}, {"a": other, "b": other}) == alone and list(alone) == ["a"]


@pytest.mark.parametrize(
    ("means", "told"),
    [
        ((4.6, 4.5, 4.4, 4.3, 4.2, 4.1, 4.0), "fallen 6 months in a row, from 4.60 in 2025-09 to 4.00 in 2026-03."),
        ((4.0, 4.1, 4.2, 4.3, 4.4, 4.5, 4.6), "risen 6 months in a row, from 4.00 in 2025-09 to 4.60 in 2026-03."),
        # Four steps have a chance of 2 in 120, too much for the better of two categories.
        ((4.6, 4.7, 4.6, 4.5, 4.4, 4.3, 4.2), "fallen 5 months in a row, from 4.70 in 2025-10 to 4.20 in 2026-03."),
        ((4.6, 4.5, 4.6, 4.5, 4.4, 4.3, 4.2), ""),
        ((4.6, 4.5, 4.4, 4.3, 4.2, 4.1, 4.1), ""),
    ],
)
def test_months_in_a_row_are_told_only_when_chance_rarely_makes_them(
    sample_office: DataFolder, tmp_path: Path, means, told
) -> None:
    months = ("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")
    level = ("Books & Stationery", "Electronics")
    kept = (*level, "Home & Kitchen")
    statements = (
        f"delete from metrics where metric = 'rating_mean' and scope = 'category' and entity_id not in {kept}",
        f"update metrics set value = 4.1 where metric = 'rating_mean' and entity_id in {level}",
        *(
            f"""update metrics set value = {mean} where metric = 'rating_mean' and entity_id = 'Home & Kitchen'
            and period_id = '{month}'"""
            for month, mean in zip(months, means, strict=True)
        ),
    )
    with changed(sample_office, tmp_path, *statements) as source:
        assert months_in_a_row(source) == (f"Home & Kitchen has {told}" if told else "")


def test_trends_are_listed_only_with_a_verdict(sample_office: DataFolder, tmp_path: Path) -> None:
    """Five sellers that decline and one that rises, of seven with a test: the four steepest falls and the rise."""
    slopes = (-0.05, -0.06, -0.07, -0.08, -0.09, 0.04, -0.2)
    rows = ", ".join(
        f"('{QUARTER}', 'seller', 'S{index + 1:04d}', 18, {slope}, -0.3, 0.1, 0.002, 0.01, "
        f"'{'stable' if index == 6 else 'improving' if slope > 0 else 'declining'}')"
        for index, slope in enumerate(slopes)
    )
    statements = (
        f"delete from rating_trends where period_id = '{QUARTER}'",
        f"""insert into rating_trends
        (period_id, scope, entity_id, months, slope, low, high, p_value, p_adjusted, verdict) values {rows}""",
        "update sellers set name = 'متجر الأمل' where seller_id = 'S0005'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        table = trend_table(source)
        page = ratings_page(source, Office())
        [(ratings,)] = source.rows(
            f"""select sum(n) from metrics where metric = 'rating_mean' and scope = 'category'
            and period_id = '{QUARTER}'"""
        )
    assert table is not None and page is not None and page.trends == table
    assert len(page.categories.panels) == 4  # six trends leave room for one row of panels
    assert "4 categories more, with " in page.categories.table.foot
    assert plain(page.categories.table.foot).endswith(f"; {ratings} in all.")
    assert [row.cells[-1].text for row in table.rows] == ["▼ declining"] * 4 + ["▲ improving"]
    assert [row.cells[4].text for row in table.rows] == ["−0.090", "−0.080", "−0.070", "−0.060", "+0.040"]
    assert table.rows[0].cells[0].text == "متجر الأمل"
    assert table.foot.startswith("1 more trend not shown.") and "7 sellers" in table.foot


def test_without_a_verdict_the_page_says_what_was_tested(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, NO_VERDICT) as source:
        page = ratings_page(source, Office())
        tested = dict(
            source.rows(
                f"""select scope, count(*) from rating_trends
                where p_value is not null and scope in ('product', 'seller') and period_id = '{QUARTER}'
                group by scope"""
            )
        )
    assert page is not None and page.trends is None
    assert page.no_trend.startswith("No product or seller shows a steady trend over up to ")
    assert f"months: of {tested['seller']} sellers, none" in page.no_trend
    assert page.no_trend.endswith("after a correction for many tests.")


def test_a_marketplace_without_surveys_names_its_proxy(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        page = ratings_page(source, Office())
        proxy = source.at("csat_proxy")
    assert page is not None and proxy is not None and proxy.value is not None
    rows = {row.cells[0].text: row.cells[1].text for row in page.measures.rows}
    assert float(rows["CSAT proxy (reviews)"]) == pytest.approx(100 * proxy.value, abs=0.051)
    assert "Ratings of 4 or 5 stars" not in rows


def test_the_first_quarter_has_neither_panels_nor_a_direction(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, period="2024-Q4") as source:
        page = ratings_page(source, Office())
        assert category_steps(source) == {}
    assert page is not None and page.categories is None and page.run == ""
    assert "fell" not in page.message.text and "rose" not in page.message.text


def test_without_a_rating_there_is_no_page(sample_office: DataFolder, tmp_path: Path) -> None:
    gone = "update metrics set value = null, reason = 'no_data' where metric = 'rating_mean' and period_id = '{}'"
    with changed(sample_office, tmp_path, gone.format(QUARTER)) as source:
        assert ratings_page(source, Office()) is None


def test_the_panels_draw_every_name_and_last_value_with_a_text_alternative(page) -> None:
    drawn = svg(page.categories, "#1f4e79")
    assert f"<title>{page.categories.alt[:20]}" in drawn
    for panel in page.categories.panels:
        assert panel.last_label.lstrip("▲▼ ") in drawn
        assert panel.name.replace("&", "&amp;") in drawn
