"""The quarterly's page on messages: the verdict, the forecasts held against what came, the parts of the change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed

from pipeline.charts import svg
from pipeline.figures.model import Row, Step
from pipeline.figures.numbers import count
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.message_drivers import shares_of_change
from pipeline.figures.quarterly.message_weeks import weeks_note
from pipeline.figures.quarterly.messaging_page import MessagingPage, messaging_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

WEEKS = "metric = 'message_count' and scope = 'all' and period_type = 'week'"


def plain(text: str) -> str:
    return text.replace("\u202f", "").replace("\u00a0", " ").replace("\u2212", "-")


def whole(text: str) -> int:
    return int(plain(text).lstrip("+"))


@pytest.fixture(scope="module")
def source(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, parse(QUARTER)) as found:
        yield found


@pytest.fixture(scope="module")
def page(source: Published) -> MessagingPage:
    found = messaging_page(source, Office())
    assert found is not None
    return found


def test_the_message_gives_the_count_and_how_far_it_is_from_its_target(source: Published, page: MessagingPage) -> None:
    [(value, target)] = source.rows(
        f"""select value, target from metrics
        where metric = 'message_count' and period_id = '{QUARTER}' and scope = 'all'"""
    )
    text = plain(page.message.text)
    assert text.startswith(f"Q1 2026 closed with {value:.0f} messages, {target - value:.0f} below target")
    assert page.number is not None and whole(page.number.text) == value
    assert "▼ missed" in page.number.line


def test_each_months_end_is_the_sum_of_its_days(source: Published, page: MessagingPage) -> None:
    ends = source.rows(
        f"""select sum(counted) filter (where day < '2026-02-01'), sum(counted) filter (where day < '2026-03-01'),
        sum(counted) from message_paths where period_id = '{QUARTER}'"""
    )[0]
    assert page.path is not None
    rows = {row.label: row.texts for row in page.path.rows}
    assert [whole(text) for text in rows["At month's end"]] == list(ends)
    gaps = [whole(a) - whole(b) for a, b in zip(rows["At month's end"], rows["Weekly path"], strict=True)]
    assert all(abs(gap - whole(text)) <= 1 for gap, text in zip(gaps, rows["Δ weekly path"], strict=True))
    assert {line.kind for line in page.path.lines} == {"actual", "even", "weekly"}
    assert page.path.lines[0].points[0] == (0.0, 0.0) and page.path.lines[0].points[-1] == (3.0, float(ends[-1]))
    assert "At month" not in svg(page.path, "#1f4e79") and page.path.alt in svg(page.path, "#1f4e79").replace(
        "&#x27;", "'"
    )


def test_a_forecast_held_where_its_limits_hold_the_count(source: Published, page: MessagingPage) -> None:
    assert page.backtest is not None
    held = {
        f"{day:%m-%d}": is_inside
        for day, is_inside in source.rows(
            f"select cut_day, is_inside_80 from message_forecasts where period_id = '{QUARTER}' and days_left > 0"
        )
    }
    shown = {row.cells[0].text: row.cells[-1].text for row in page.backtest.rows}
    assert {"01-31", "02-28"} <= shown.keys() and len(shown) <= 10
    assert all(text == ("● yes" if held[day] else "▼ no") for day, text in shown.items())


def test_the_record_of_the_limits_is_the_published_one(source: Published, page: MessagingPage) -> None:
    inside, made = source.rows(
        f"""select count(*) filter (where is_inside_80), count(is_inside_80) from message_forecasts
        where period_id = '{QUARTER}'"""
    )[0]
    value = source.at("message_forecast_coverage_80")
    assert value is not None
    text = plain(page.record)
    assert f"in {inside} of this quarter's {made} forecasts and in {value.numerator} of all {value.denominator}" in text


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.2, 0.79, "the limits are too narrow"),
        (0.7, 0.9, "as often as they promise"),
        (0.81, 0.99, "the limits are too wide"),
        (0.7, 0.8, "as often as they promise"),
    ],
)
def test_limits_are_judged_by_the_interval_of_their_record(
    sample_office: DataFolder, tmp_path: Path, low: float, high: float, verdict: str
) -> None:
    statement = f"update metrics set low = {low}, high = {high} where metric = 'message_forecast_coverage_80'"
    with changed(sample_office, tmp_path, statement) as source:
        page = messaging_page(source, Office())
    assert page is not None and page.record.endswith(f"): {verdict}.")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((9568, 4345, 18709), (7489, 3648, 16158)),
        ((400, 150, 900), (400, 150, 900)),
        ((10, 5, 50), (10, 5, 51)),
        ((3, 1, 1), (30, 29, 2900)),
        ((7, 7, 7), (1, 1, 1)),
    ],
)
def test_the_parts_of_a_product_sum_to_its_change(before: tuple[int, ...], now: tuple[int, ...]) -> None:
    parts = shares_of_change(before, now)
    assert len(parts) == 3 and sum(parts) == now[-1] - before[-1]
    assert [-part for part in parts] == pytest.approx(shares_of_change(now, before), abs=1)


def test_a_factor_that_did_not_change_has_no_part() -> None:
    assert shares_of_change((400, 150, 900), (400, 150, 1800)) == (0, 0, 900)
    assert shares_of_change((100, 50, 200), (200, 100, 400)) == (200, 0, 0)


def _added(rows: tuple[Row, ...]) -> list[int]:
    return [whole(row.cells[3].text) for row in rows]


def test_both_groups_of_parts_sum_to_the_change_of_all_messages(source: Published, page: MessagingPage) -> None:
    values = dict(
        source.rows("select period_id, value from metrics where metric = 'message_count' and scope = 'all'"),
    )
    change = values[QUARTER] - values["2025-Q4"]
    assert page.bridge is not None and page.counted is None
    rows = page.bridge.rows
    total = next(index for index, row in enumerate(rows) if row.is_total)
    authors = next(index for index, row in enumerate(rows) if row.opens_group)
    added = _added(rows[: total + 1])
    assert sum(added[:authors]) == sum(added[authors:total]) == added[total] == change
    marks = [row.cells[4].mark for row in rows[: total + 1]]
    assert all(isinstance(mark, Step) for mark in marks)
    assert marks[0].start == marks[0].zero == marks[authors].start == marks[total].start  # type: ignore[union-attr]
    assert marks[authors - 1].end == marks[total].end == marks[total - 1].end  # type: ignore[union-attr]


def test_without_orders_of_messages_only_authors_are_told_apart(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "delete from metrics where metric = 'message_reach'") as source:
        page = messaging_page(source, Office())
    assert page is not None and page.bridge is not None
    assert [row.cells[0].text for row in page.bridge.rows][:2] == ["Written by buyers", "Written by sellers"]
    assert "logarithmic" not in page.bridge.foot


def test_a_quarter_with_none_before_it_says_what_counts(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, period="2024-Q4") as source:
        page = messaging_page(source, Office())
    assert page is not None and page.bridge is None and page.counted is not None
    *authors, total, automatic = page.counted.rows
    assert sum(whole(row.cells[1].text) for row in authors) == whole(total.cells[1].text)
    assert automatic.cells[0].text == "Automatic, not counted"


def _with_step(first: str, value: int) -> tuple[str, ...]:
    """Weeks that go to and fro by a hundred around 7 000, and from one on by as much around `value`."""
    return (
        f"update metrics set value = 7000 + 50 * (weekofyear(period_start) % 3) where {WEEKS}",
        f"update metrics set value = {value} + 50 * (weekofyear(period_start) % 3) where {WEEKS}"
        f" and period_start >= '{first}'",
    )


@pytest.mark.parametrize(
    ("first", "value", "said", "run"),
    [
        ("2026-02-02", 8750, "; the week from 2026-02-02 rose by 23.2", "All 8 weeks from 2026-02-02 on lie above"),
        ("2026-02-02", 5000, "; the week from 2026-02-02 fell by 2", "All 8 weeks from 2026-02-02 on lie below"),
        ("2026-03-09", 9000, "; the week from 2026-03-09 rose by 2", ""),
        ("2026-02-02", 7010, "", ""),
        ("2025-12-22", 9000, "", ""),
    ],
)
def test_a_step_is_told_when_it_is_beyond_the_usual(
    sample_office: DataFolder, tmp_path: Path, first: str, value: int, said: str, run: str
) -> None:
    with changed(sample_office, tmp_path, *_with_step(first, value)) as source:
        page = messaging_page(source, Office())
    assert page is not None
    assert (said in plain(page.message.text)) if said else (page.message.text.endswith(" below target."))
    assert page.record.startswith(run) if run else page.record.startswith("Forecasts'")


def test_the_weeks_of_the_chart_have_their_growth(source: Published, page: MessagingPage) -> None:
    assert page.weeks is not None and len(page.weeks.labels) == 13
    counts, growth = ([plain(text) for text in row.texts] for row in page.weeks.rows)
    for before, now, said in zip(counts, counts[1:], growth[1:], strict=False):
        assert float(said) == pytest.approx(100 * (int(now) / int(before) - 1), abs=0.051)
    svg(page.weeks, "#1f4e79")


def test_a_quarter_that_runs_is_held_against_its_even_path(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "update run set as_of_day = '2026-03-02'",
        f"""update message_paths set counted = null, cumulative = null
        where period_id = '{QUARTER}' and day > '2026-03-01'""",
        f"update message_paths set forecast = 9000 where period_id = '{QUARTER}' and day >= '2026-03-01'",
        f"delete from message_forecasts where period_id = '{QUARTER}' and cut_day > '2026-03-01'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = messaging_page(source, Office())
    assert page is not None and page.path is not None and page.backtest is not None
    text = plain(page.message.text)
    assert text.startswith("Q1 2026 stands at ") and "below the even path to 100000" in text
    assert "forecast" in {line.kind for line in page.path.lines} and page.path.end is not None
    assert page.path.rows[0].texts[-1] == "–"
    assert page.bridge is None and page.backtest.columns[-1].kind == "mark"
    assert "Forecast for the end of Q1 2026" in page.record
    assert "stroke-dasharray" in svg(page.path, "#1f4e79")


def test_ages_of_unanswered_inquiries_sum_to_those_that_are_due(source: Published, page: MessagingPage) -> None:
    assert page.unanswered is not None
    opened = {row.cells[0].definition: whole(row.cells[1].text) for row in page.unanswered.rows}
    assert opened["unanswered_inquiries"] == opened["unanswered_2_to_7_days"] + opened["unanswered_over_7_days"]


def test_every_printed_value_leads_to_the_published_one(source: Published, page: MessagingPage) -> None:
    tables = [page.bridge, page.use, page.unanswered]
    keys = [cell.figure for table in tables if table for row in table.rows for cell in row.cells if cell.figure]
    assert len(keys) > 12
    for key in keys:
        metric, period, scope, entity, column = key.split("/")
        found = source.entities(metric, scope, period)[entity]
        assert getattr(found, column) is not None


def test_the_peaks_are_those_of_the_quarter(page: MessagingPage) -> None:
    assert page.peaks is not None and "of the quarter" in page.peaks.foot


def test_without_messages_there_is_no_page(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        assert messaging_page(source, Office()) is None


def test_without_forecasts_and_paths_the_page_still_stands(sample_office: DataFolder, tmp_path: Path) -> None:
    gone = ("drop table message_paths", "drop table message_forecasts", "drop table message_peaks")
    with changed(sample_office, tmp_path, *gone) as source:
        page = messaging_page(source, Office())
    assert page is not None and page.bridge is not None
    assert (page.path, page.backtest, page.peaks) == (None, None, None)


def test_the_weeks_note_says_what_lies_beyond_the_limits_and_why_weeks_need_not_sum(
    source: Published, page: MessagingPage, sample_office: DataFolder, tmp_path: Path
) -> None:
    even = f"update metrics set value = 1000 + 10 * (period_start - date '2020-01-06') // 7 % 2 where {WEEKS}"
    one = f"update metrics set value = {{}} where {WEEKS} and period_id = '{{}}'"
    with changed(sample_office, tmp_path, even, one.format(5000, "2026-W05"), one.format(10, "2026-W09")) as other:
        shown = other.weeks("message_count", 13)
        total = sum(value.value or 0 for value, _ in shown)
        note, differing = weeks_note(other, total), weeks_note(other, total + 7)
    days = f"Weeks from {shown[0][1]} to {shown[-1][1] + timedelta(days=6)}"
    assert note == f"{days}. Above the upper limit: W05. Below the lower limit: W09."
    assert f"{days} sum to {count(total)}; the quarter's own days to {count(total + 7)}." in differing
