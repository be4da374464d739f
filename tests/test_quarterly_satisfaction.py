"""The quarterly's page on surveys: the two NPS scales apart, intervals by touchpoint, the proxy only by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed

from pipeline.charts import svg
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.satisfaction_page import SatisfactionPage, satisfaction_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

SET = "update metrics set value = {}, low = {}, high = {} where metric = '{}' and scope = 'all' and period_id = '{}'"


def number(text: str) -> float:
    return float(text.replace("\u202f", "").replace("\u2212", "-"))


@pytest.fixture(scope="module")
def source(sample_office: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with changed(sample_office, tmp_path_factory.mktemp("satisfaction")) as found:
        yield found


@pytest.fixture(scope="module")
def page(source: Published) -> SatisfactionPage:
    found = satisfaction_page(source, Office())
    assert found is not None
    return found


def page_of(folder: DataFolder, tmp_path: Path, *statements: str) -> SatisfactionPage | None:
    """The page after some changes of the published tables."""
    with changed(folder, tmp_path, *statements) as found:
        return satisfaction_page(found, Office())


def test_columns_are_the_published_quarters_of_each_score(source: Published, page: SatisfactionPage) -> None:
    charts = {chart.title: chart for chart in page.charts}
    nps = next(chart for title, chart in charts.items() if title.startswith("NPS on the scale 0–10"))
    published = source.rows(
        """select value, n from metrics where metric = 'nps' and scope = 'all' and period_type = 'quarter'
        and value is not null and period_id <= '2026-Q1' order by period_id"""
    )
    assert list(nps.values) == [value for value, _ in published][-8:]
    assert [number(text) for text in nps.rows[-1].texts] == [n for _, n in published][-8:]
    assert nps.low <= 0


def test_the_two_scales_of_nps_stand_apart_on_one_scale(page: SatisfactionPage) -> None:
    first, second = (chart for chart in page.charts if chart.title.startswith("NPS"))
    assert (first.low, first.high) == (second.low, second.high)
    assert first.values[-1] != second.values[-1]
    assert "never pooled" in second.title


def test_touchpoints_have_their_published_values_and_intervals(source: Published, page: SatisfactionPage) -> None:
    published = source.rows(
        f"""select value, low, high, n from metrics where metric = 'csat' and scope = 'touchpoint'
        and period_id = '{QUARTER}' and value is not null order by entity_id"""
    )
    assert page.touchpoints is not None and len(page.touchpoints.rows) == len(published) >= 2
    for row, (value, low, high, n) in zip(page.touchpoints.rows, published, strict=True):
        assert number(row.cells[1].text) == pytest.approx(100 * value, abs=0.051)
        assert number(row.cells[3].text) == n
        mark = row.cells[-1].mark
        assert mark.low <= mark.point <= mark.high
        assert (mark.point - mark.low) / (mark.high - mark.low) == pytest.approx((value - low) / (high - low), abs=0.01)
    assert "Site and app" in [row.cells[0].text for row in page.touchpoints.rows]


def test_a_rise_beyond_the_intervals_is_ranked_among_the_quarters(sample_office: DataFolder, tmp_path: Path) -> None:
    page = page_of(
        sample_office, tmp_path, SET.format(32.6, 28.3, 36.8, "nps", "2025-Q4"), SET.format(90, 85, 95, "nps", QUARTER)
    )
    assert page is not None
    assert page.message.text.startswith("Net Promoter Score rose to +90.0 points from +32.6 in Q4 2025")
    assert page.message.text.endswith(", the highest of 6 quarters.")


def test_a_score_within_noise_has_no_rank(sample_office: DataFolder, tmp_path: Path) -> None:
    scores = ("nps", "nps_1_10", "ces")
    wide = f"update metrics set low = value - 60, high = value + 60 where scope = 'all' and metric in {scores}"
    flat = "update metrics set low = 0, high = 1 where scope = 'all' and metric = 'csat'"
    page = page_of(sample_office, tmp_path, wide, flat, SET.format(90, 20, 100, "nps", QUARTER))
    assert page is not None
    assert " stood at +90.0 points" in page.message.text and "highest" not in page.message.text


def test_the_proxy_stands_in_only_where_satisfaction_was_never_asked(
    sample_office: DataFolder, tmp_path: Path, page: SatisfactionPage
) -> None:
    assert not any("proxy" in chart.title for chart in page.charts)
    found = page_of(
        sample_office,
        tmp_path,
        "update metrics set value = null, reason = 'no_data' where metric = 'csat'",
    )
    assert found is not None
    titles = [chart.title for chart in found.charts]
    assert any(title.startswith("CSAT proxy: ratings of 4 or 5 stars, %; scale ") for title in titles)
    assert not any(title.startswith("Satisfied customers") for title in titles)
    assert "CSAT proxy (reviews)" in [row.cells[0].text for row in found.scores.rows]
    assert found.touchpoints is None


def test_quarters_of_few_answers_are_named(sample_office: DataFolder, tmp_path: Path) -> None:
    page = page_of(
        sample_office,
        tmp_path,
        "update metrics set n = 12 where metric = 'ces' and scope = 'all' and period_id = '2025-Q2'",
    )
    assert page is not None
    assert "Customer effort score 2025-Q2 (12)" in page.few


def test_a_lapsed_survey_says_so(sample_office: DataFolder, tmp_path: Path) -> None:
    """A quarter without one answer is a finding, not a page that goes missing."""
    gone = f"""update metrics set value = null, n = null, low = null, high = null, reason = 'no_data'
        where (metric like 'nps%' or metric like 'ces%' or metric = 'csat') and period_id = '{QUARTER}'"""
    page = page_of(sample_office, tmp_path, gone)
    assert page is not None and page.number is None
    assert page.message.text == "Net Promoter Score has no value for Q1 2026: no cases in this period."
    assert page.charts[0].values[-1] is None


def test_without_surveys_there_is_no_page(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        assert satisfaction_page(source, Office()) is None


def test_the_first_quarter_has_scores_and_no_columns(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, period="2024-Q4") as source:
        page = satisfaction_page(source, Office())
    assert page is not None and page.charts == () and page.scores is not None


def test_columns_are_drawn_with_their_text_alternative(page: SatisfactionPage) -> None:
    for chart in page.charts:
        assert "The table below holds every value." in svg(chart, "#1f4e79")
