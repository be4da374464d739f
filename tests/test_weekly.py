"""The weekly sheet: the quarter's messages after the week, the weeks beside each other, who is to be reminded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from quarterly_support import changed

from pipeline.figures import report_figures
from pipeline.figures.edition import cells_in
from pipeline.figures.noise import move_of
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.message_paths import PathDay
from pipeline.figures.weekly import WeeklyFigures, weekly_figures
from pipeline.figures.weekly.open_inquiries import remind_sentence
from pipeline.figures.weekly.quarter_so_far import QuarterSoFar, pace_sentence, path_clause, quarter_number
from pipeline.figures.weekly.status_moves import moves_sentence
from pipeline.figures.weekly.week_table import WEEKS, week_table
from pipeline.periods import parse
from pipeline.reporting import write_report
from pipeline.settings import DataFolder, Office

WEEK = "2026-W13"  # over; 2026-W14 is the running one, in which the quarter closes
OWN = f"period_id = '{WEEK}' and scope = 'all'"


def plain(text: str) -> str:
    return text.replace("\u202f", "").replace("\u00a0", " ").replace("\u2212", "-")


def whole(text: str) -> int:
    return int(plain(text).lstrip("+"))


@pytest.fixture(scope="module")
def source(sample_office: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with changed(sample_office, tmp_path_factory.mktemp("week"), period=WEEK) as found:
        yield found


@pytest.fixture(scope="module")
def sheet(source: Published) -> WeeklyFigures:
    return weekly_figures(source, Office(), ())


def sheet_of(office: DataFolder, week: str) -> WeeklyFigures:
    with open_published(office.published, parse(week)) as found:
        return weekly_figures(found, Office(), ())


def test_the_headline_is_the_quarters_total_on_the_weeks_last_day(source: Published, sheet: WeeklyFigures) -> None:
    [(total, even)] = source.rows("select cumulative, even_pace from message_paths where day = '2026-03-29'")
    side = "above" if total > even else "below"
    said = f"Q1 2026 stands at {total} messages after week 13, {abs(total - even):.0f} {side} the even path to 100000"
    assert plain(sheet.summary.headline.text).startswith(said)
    assert sheet.summary.number is not None and whole(sheet.summary.number.text) == total


def test_the_path_ends_with_the_week_and_the_forecast_is_the_one_made_then(
    source: Published, sheet: WeeklyFigures
) -> None:
    chart = sheet.summary.path
    assert chart is not None
    lines = {line.kind: line.points for line in chart.lines}
    [(total, forecast)] = source.rows(
        "select p.cumulative, f.forecast from message_paths as p, message_forecasts as f "
        f"where p.day = '2026-03-29' and f.seen_from = '{WEEK}' and f.period_id = '2026-Q1'"
    )
    assert lines["actual"][-1] == (round(2 + 29 / 31, 4), total)
    assert lines["forecast"][0] == lines["actual"][-1]
    assert lines["forecast"][-1] == (3.0, pytest.approx(forecast))
    assert chart.under == ("01-31", "02-28", "03-29")
    assert whole(chart.rows[0].texts[-1]) == total and whole(chart.rows[-1].texts[-1]) == round(forecast)
    assert f"{round(forecast)}" in plain(sheet.summary.forecast)


def test_six_weeks_stand_beside_each_other_as_published(source: Published, sheet: WeeklyFigures) -> None:
    table = sheet.summary.table
    assert table is not None
    assert [column.head for column in table.columns[1 : 1 + WEEKS]] == ["W8", "W9", "W10", "W11", "W12", "W13"]
    rows = {row.cells[0].definition: row.cells for row in table.rows}
    published = source.rows(
        "select value from metrics where metric = 'orders' and scope = 'all' and period_type = 'week' "
        "and period_start between '2026-02-16' and '2026-03-23' order by period_start"
    )
    assert [whole(cell.text) for cell in rows["orders"][1 : 1 + WEEKS]] == [value for (value,) in published]
    assert {"message_count", "inquiry_response_48h", "review_response_48h", "rating_mean"} <= rows.keys()


def test_every_printed_value_leads_to_the_published_one(source: Published, sheet: WeeklyFigures) -> None:
    keys = [cell.figure for cell in cells_in(sheet) if cell.figure]
    assert len(keys) > 80
    for key in keys:
        metric, period, scope, entity, column = key.split("/")
        assert getattr(source.entities(metric, scope, period)[entity], column) is not None
    printed = {cell.definition for cell in cells_in(sheet) if cell.definition}
    assert printed == {entry.metric for entry in sheet.evidence.definitions}


def test_open_inquiries_by_age_sum_to_all_that_were_asked_by_the_weeks_end(
    source: Published, sheet: WeeklyFigures
) -> None:
    assert sheet.waiting is not None
    rows = [[whole(cell.text) for cell in row.cells[1:5]] for row in sheet.waiting.ages.rows]
    *weeks, total = rows
    assert [sum(column) for column in zip(*weeks, strict=True)] == total
    [(every,)] = source.rows("select count(*) from open_inquiries where day < '2026-03-30'")
    assert sum(total[:3]) == every
    assert all(row[3] == row[1] + row[2] for row in rows)


def test_sellers_to_remind_are_those_with_most_and_the_rest_reconciles(source: Published, sheet: WeeklyFigures) -> None:
    assert sheet.waiting is not None and sheet.waiting.sellers is not None
    asked = "day between '2026-03-23' and '2026-03-29'"
    counts = source.rows(f"select count(*) from open_inquiries where {asked} group by seller_id order by 1 desc")
    shown = [whole(row.cells[1].text) for row in sheet.waiting.sellers.rows]
    assert shown == [n for (n,) in counts[: len(shown)]]
    rest = sum(n for (n,) in counts) - sum(shown)
    if rest:
        assert f"summing to {rest}; total {sum(shown) + rest} reconciles" in plain(sheet.waiting.sellers.foot)
    assert sheet.summary.actions[0].rule == "inquiries unanswered" and sheet.summary.actions[0].owner == "Sellers"


def test_mondays_moves_are_those_of_the_monday_after_the_week(source: Published, sheet: WeeklyFigures) -> None:
    moved = source.rows(
        "select count(*) filter (where level > previous_level), count(*) filter (where level < previous_level) "
        "from expertise inner join sellers using (seller_id) "
        "where monday = '2026-03-30' and is_change and sellers.status <> 'closed' and previous_level is not null"
    )
    [(rose, fell)] = moved
    assert sheet.expertise is not None and sheet.expertise.moves is not None
    assert f"On Monday 2026-03-30, {rose} sellers rose on the Expertise scale and {fell} fell" in (
        sheet.expertise.message.text
    )
    shown = len(sheet.expertise.moves.rows)
    assert shown == rose + fell or f"total {rose + fell}" in sheet.expertise.moves.foot


def test_nobody_moved_is_said(sample_office: DataFolder, tmp_path: Path) -> None:
    still = "update expertise set is_change = false where monday = '2026-03-30'"
    with changed(sample_office, tmp_path, still, period=WEEK) as source:
        assert moves_sentence(source) == "On Monday 2026-03-30, no seller moved on the Expertise scale."


def test_a_week_in_which_the_quarter_changes_tells_how_the_last_one_closed(sample_office: DataFolder) -> None:
    sheet = sheet_of(sample_office, "2026-W01")
    assert sheet.summary.headline.text.startswith("Q1 2026 stands at")
    assert sheet.summary.changes[0].text.startswith("Q4 2025 closed with")


def test_a_running_week_is_shown_and_not_compared(sample_office: DataFolder) -> None:
    sheet = sheet_of(sample_office, "2026-W14")
    assert sheet.summary.headline.text.startswith("Q1 2026 closed with")  # its last day is the last there is
    assert "made at the end of February" in sheet.summary.forecast
    assert sheet.summary.table is not None
    assert "Move" not in [column.head for column in sheet.summary.table.columns]
    assert "not over" in sheet.summary.changes_note and not sheet.edition.is_complete
    assert sheet.expertise is None and sheet.waiting is not None
    assert sheet.waiting.message.rule == "no inquiry due"


def test_the_first_whole_week_has_nothing_to_be_held_against(sample_office: DataFolder) -> None:
    """2024-W40 began before the data did: it is no week to compare with."""
    with open_published(sample_office.published, parse("2024-W41")) as source:
        assert source.at("orders", "2024-W40") is not None and source.before("orders") is None
        table = week_table(source)
    assert table is not None and table.title == "This week"
    assert "Δ W40" not in [column.head for column in table.columns]
    sheet = sheet_of(sample_office, "2024-W41")
    assert "eight whole weeks" in sheet.summary.changes_note and not sheet.summary.legend


WEEKLY = "metric = 'message_count' and scope = 'all' and period_type = 'week'"
STEADY = (
    f"update metrics set value = 600 + 10 * (date_diff('week', date '2025-01-06', period_start) % 2) where {WEEKLY}"
)


@pytest.mark.parametrize(
    ("value", "is_beyond", "said"),
    [
        (612, False, "Messages stood at 612"),
        (660, True, "week 13 rose by"),
        (545, True, "week 13 fell by"),
    ],
)
def test_a_step_is_told_in_the_headline_only_beyond_the_limits_of_the_thirteen_weeks_before(
    sample_office: DataFolder, tmp_path: Path, value: int, is_beyond: bool, said: str
) -> None:
    own = f"update metrics set value = {value} where {WEEKLY} and {OWN}"
    narrow = f"update metrics set low = value - 1, high = value + 1 where {WEEKLY}"
    with changed(sample_office, tmp_path, STEADY, own, narrow, period=WEEK) as source:
        move = move_of(source, "message_count")
        sheet = weekly_figures(source, Office(), ())
    assert move is not None and move.is_beyond_noise is is_beyond
    told = sheet.summary.headline.text if is_beyond else sheet.summary.changes[0].text
    assert said in told
    assert ("week 13" in sheet.summary.headline.text.partition(";")[2]) is is_beyond


def test_a_step_inside_wide_limits_is_beyond_the_usual_step(sample_office: DataFolder, tmp_path: Path) -> None:
    """Weeks that drift by ten at a time have wide limits by their drift and a small moving range."""
    drift = f"update metrics set value = 1000 + 10 * date_diff('week', date '2025-12-22', period_start) where {WEEKLY}"
    # The thirteen weeks before: 1 000 to 1 120, mean moving range 10; limits 1 060 ± 26.6, largest usual step 32.7.
    own = f"update metrics set value = 1080 where {WEEKLY} and {OWN}"
    narrow = f"update metrics set low = value - 1, high = value + 1 where {WEEKLY}"
    with changed(sample_office, tmp_path, drift, own, narrow, period=WEEK) as source:
        move = move_of(source, "message_count")
        sheet = weekly_figures(source, Office(), ())
    assert move is not None and not move.is_outside and move.is_beyond_noise
    assert "fell by 3.6\u202f% to 1\u202f080, beyond the usual step" in sheet.summary.headline.text


def test_intervals_that_overlap_keep_a_step_within_noise(sample_office: DataFolder, tmp_path: Path) -> None:
    own = f"update metrics set value = 660 where {WEEKLY} and {OWN}"
    wide = f"update metrics set low = value - 60, high = value + 60 where {WEEKLY}"
    with changed(sample_office, tmp_path, STEADY, own, wide, period=WEEK) as source:
        move = move_of(source, "message_count")
    assert move is not None and move.is_outside and not move.is_beyond_noise


#: No figure of the week has moved: each stands where it stood the week before.
AS_BEFORE = (
    "update metrics as m set value = w.value, low = w.low, high = w.high from metrics as w where m.scope = 'all' and "
    f"w.scope = 'all' and m.metric = w.metric and m.period_id = '{WEEK}' and w.period_id = '2026-W12'"
)


def outside(metric: str, value: int) -> str:
    """Weeks at 100 and 101 by turns, and the report's at `value`; all with intervals that overlap."""
    return (
        f"update metrics set value = 100 + date_diff('week', date '2025-01-06', period_start) % 2, low = 0, high = 900 "
        f"where metric = '{metric}' and scope = 'all' and period_type = 'week'; "
        f"update metrics set value = {value} where metric = '{metric}' and {OWN}"
    )


NO_MOVE = "No figure moved for better or worse"
WROTE = "people who wrote, at 150, stood above the usual 98 to 103"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "No figure of the week moved beyond noise."),
        ({"active_messagers": 150}, f"{NO_MOVE}; {WROTE}."),
        (
            {"active_messagers": 150, "orders": 50},
            f"{NO_MOVE}; {WROTE}; completed orders, at 50, stood below the usual 98 to 103.",
        ),
        (
            {"active_messagers": 150, "review_count": 97, "orders": 50, "new_buyers": 104},
            f"{NO_MOVE}; {WROTE}; reviews, at 97, stood below the usual 98 to 103; completed orders, at 50, stood "
            "below the usual 98 to 103; 1 more stood outside its usual.",
        ),
        ({"message_count": 150}, f"{NO_MOVE}."),  # its own sentence tells where it stood
    ],
)
def test_figures_outside_their_usual_are_named_where_none_moved_beyond_noise(
    sample_office: DataFolder, tmp_path: Path, values: dict[str, int], said: str
) -> None:
    statements = [outside(metric, value) for metric, value in values.items()]
    with changed(sample_office, tmp_path, AS_BEFORE, *statements, period=WEEK) as source:
        sheet = weekly_figures(source, Office(), ())
    assert plain(sheet.summary.changes_note) == said
    assert sheet.summary.table is not None
    moves = [row.cells[-3].text for row in sheet.summary.table.rows]
    assert sum(text in ("● above", "● below") for text in moves) == len(values)


def test_the_legend_explains_the_verdict_only_where_there_are_targets(
    sheet: WeeklyFigures, sample_office: DataFolder, tmp_path: Path
) -> None:
    rounding = "Δ is of unrounded values."
    assert sheet.summary.legend.endswith(
        f"{rounding} Verdict: met at the target, near down to its floor, missed below."
    )
    with changed(sample_office, tmp_path, "update metrics set target = null, rag = null", period=WEEK) as source:
        assert weekly_figures(source, Office(), ()).summary.legend.endswith(rounding)


def so_far(total: int, seen: int = 10, target: float | None = 1000.0) -> QuarterSoFar:
    """A made-up quarter of 90 days, `seen` of them counted evenly up to `total`."""
    first = date(2026, 1, 1)
    days = tuple(
        PathDay(
            first + timedelta(days=at),
            total * (at + 1) / seen if at < seen else None,
            None if target is None else target * (at + 1) / 90,
            None,
            None,
        )
        for at in range(90)
    )
    return QuarterSoFar(parse("2026-Q1"), days, target)


@pytest.mark.parametrize(
    ("total", "seen", "target", "said", "tone"),
    [
        (111, 10, 1000.0, "stands at 111 messages after week 2, on the even path to 1000", "watch"),
        (150, 10, 1000.0, "stands at 150 messages after week 2, 39 above the even path to 1000", "good"),
        (100, 10, 1000.0, "stands at 100 messages after week 2, 11 below the even path to 1000", "watch"),
        (99, 10, 1000.0, "stands at 99 messages after week 2, 12 below the even path to 1000", "bad"),
        (1000, 90, 1000.0, "closed with 1000 messages, on the target of 1000", "good"),
        (1, 10, None, "stands at 1 message after week 2; no target is set", ""),
    ],
)
def test_where_a_quarter_stands(total: int, seen: int, target: float | None, said: str, tone: str) -> None:
    quarter = so_far(total, seen, target)
    assert plain(path_clause(quarter, "week 2")) == f"Q1 2026 {said}"
    assert quarter.tone == tone and quarter_number(quarter, "").tone == tone


def test_what_the_target_still_asks_for_a_day() -> None:
    text = plain(pace_sentence(so_far(100)))
    assert "asks for 11 a day on the 80 days left; the last seven days brought 10 a day" in text
    assert not pace_sentence(so_far(150)) and not pace_sentence(so_far(5, 10, None))


def test_without_messages_the_sheet_shows_what_there_is(bare_office: DataFolder) -> None:
    sheet = sheet_of(bare_office, WEEK)
    assert sheet.waiting is None and sheet.expertise is None and sheet.summary.path is None
    assert "messages" in sheet.summary.not_measured
    assert sheet.summary.weeks is not None and sheet.summary.weeks.title == "Orders by week"
    assert sheet.summary.headline.text.startswith(("Average rating", "Completed orders"))


def test_without_open_inquiries_paths_and_forecasts_it_still_stands(sample_office: DataFolder, tmp_path: Path) -> None:
    gone = [f"drop table {name}" for name in ("open_inquiries", "message_paths", "message_forecasts", "expertise")]
    with changed(sample_office, tmp_path, *gone, period=WEEK) as source:
        sheet = weekly_figures(source, Office(), ())
        assert not remind_sentence(source)
    assert sheet.summary.path is None and sheet.waiting is not None and sheet.waiting.sellers is None
    assert sheet.summary.weeks is not None and sheet.summary.weeks.title == "Messages by week"


def test_two_pages_at_most_with_long_and_foreign_names_and_the_same_bytes(
    sample_office: DataFolder, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "scmr17.duckdb").write_bytes((sample_office.published / "scmr17.duckdb").read_bytes())
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("update sellers set name = 'متجر الأصدقاء 友達の店 ' || repeat('Wonderful ', 6) || seller_id")
    period = parse(WEEK)
    made = [write_report(folder, Office(), period, tmp_path / name) for name in ("one", "two")]
    assert made[0].pages == 2
    assert made[0].sha256 == made[1].sha256 and made[0].html.read_bytes() == made[1].html.read_bytes()


def test_without_messages_it_is_one_page(bare_office: DataFolder, tmp_path: Path) -> None:
    assert write_report(bare_office.published, Office(), parse(WEEK), tmp_path).pages == 1


def test_the_report_of_a_week_is_the_weekly_sheet(sample_office: DataFolder, sheet: WeeklyFigures) -> None:
    found = report_figures(sample_office.published, Office(), parse(WEEK))
    assert isinstance(found, WeeklyFigures)
    assert replace(found, edition=sheet.edition) == sheet and found.edition.title == "SayPro Weekly SCMR-17"
