"""The message forecast of a quarter, its back-test, its path and the office's calendar (METRICS.md A19, A31)."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from metrics_support import marketplace
from test_statistics_forecasting import COUNTS
from test_statistics_forecasting import WEEK as PROFILE

from pipeline.analyses import message_forecasts, message_paths
from pipeline.errors import BadConfiguration
from pipeline.settings import DEFAULT_CONFIG
from pipeline.special_days import load_special_days

#: Messages from Monday to Sunday, 78 a week.
WEEK = (14, 13, 13, 12, 12, 8, 6)
FIRST_MONDAY = date(2024, 11, 4)


def usual(day: date) -> int:
    return WEEK[day.weekday()]


def between(first: date, end: date) -> int:
    """What a steady week brings from `first` to before `end`."""
    return sum(usual(first + timedelta(days=place)) for place in range((end - first).days))


def write(market, first: date, end: date, times: int = 1):
    """Every day's usual messages, `times` over, each a conversation of its own."""
    market.con.execute(
        """
        insert into raw.messages by name
        select
            'W' || day || '-' || i as message_id, 'C' || message_id as conversation_id, 'B1' as sender_id,
            'buyer' as sender_role, 'S1' as recipient_id, day + interval 12 hour as sent_at
        from (select day, unnest(range(? * list_extract(?::integer[], isodow(day)))) as i
            from (select unnest(generate_series(?::date, ?::date - 1, interval 1 day)) as day))
        """,
        [times, list(WEEK), first, end],
    )
    market.arrive("messages", "message_id", "sent_at")
    return market


@pytest.fixture
def office():
    """Steady messages from November to the middle of February, seen on the 15th of February at noon."""
    with marketplace(as_of="2025-02-15 12:00", first_day="2024-11-04") as market:
        write(market, FIRST_MONDAY, date(2025, 2, 15))
        yield market.add("messages", 50, sent_at="2025-02-15 09:00")


def forecasts(market, columns="*"):
    return market.rows(f"select {columns} from metrics.message_forecasts order by period_id, cut_day, seen_from")


def test_a_quarter_that_runs(office):
    """The day that is not over does not count; what is left is as steady as what was seen, so nothing but chance
    remains."""
    row = office.plan("2025-Q1").build("metrics.message_forecast").get("message_forecast", "2025-Q1")
    observed, total = between(date(2025, 1, 1), date(2025, 2, 15)), between(date(2025, 1, 1), date(2025, 4, 1))
    assert (row.value, row.numerator, row.denominator, row.n) == (pytest.approx(total), None, None, observed)
    left, seen = total - observed, observed
    sd = (left * (1 + left / seen)) ** 0.5
    assert row.high - row.value == pytest.approx(2.0154 * sd, rel=1e-4)  # t, 44 degrees of freedom
    assert row.value - row.low == pytest.approx(2.0154 * sd, rel=1e-4)
    probability = office.get("message_target_probability", "2025-Q1")
    assert probability[:4] == (pytest.approx(0, abs=1e-12), None, None, observed)
    (view,) = office.rows(
        "select cut_day, days_observed, days_left, naive, method, dispersion, target, required_per_day, rag, actual, "
        "is_inside_95, reason from metrics.message_forecasts where seen_from = 'as_of'"
    )
    assert view[:3] == (date(2025, 2, 14), 45, 45)
    assert view[3] == 2 * observed
    assert view[4:7] == ("t", 1.0, 100_000)
    assert view[7] == pytest.approx((100_000 - observed) / 45)
    assert view[8:] == ("red", None, None, None)


def test_a_quarter_is_looked_at_from_every_week_and_month_that_ended_in_it(office):
    office.plan("2025-Q1").build("metrics.message_forecasts")
    assert forecasts(office, "seen_from, cut_day, days_observed, reason") == [
        ("2025-W01", date(2025, 1, 5), 5, "too_early"),
        ("2025-W02", date(2025, 1, 12), 12, None),
        ("2025-W03", date(2025, 1, 19), 19, None),
        ("2025-W04", date(2025, 1, 26), 26, None),
        ("2025-01", date(2025, 1, 31), 31, None),
        ("2025-W05", date(2025, 2, 2), 33, None),
        ("2025-W06", date(2025, 2, 9), 40, None),
        ("as_of", date(2025, 2, 14), 45, None),
    ]


@pytest.mark.parametrize(
    ("as_of", "reason"),
    [
        ("2025-01-07", "too_early"),  # six days of the quarter
        ("2025-01-08", None),
    ],
)
def test_a_week_of_the_quarter_must_have_been_seen(office, as_of, reason):
    office.as_of = office.as_of.fromisoformat(as_of)
    row = office.plan("2025-Q1").build("metrics.message_forecast").get("message_forecast", "2025-Q1")
    assert (row.reason, row.value is None) == (reason, reason is not None)
    assert office.get("message_target_probability", "2025-Q1").reason == reason


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (FIRST_MONDAY + timedelta(weeks=6), None),
        (FIRST_MONDAY + timedelta(weeks=6, days=1), "too_short"),  # a Tuesday: seven whole weeks
    ],
)
def test_eight_whole_weeks_make_a_profile(first, reason):
    with marketplace(as_of="2025-02-15") as market:
        write(market, first, date(2025, 2, 15))
        market.plan("2025-Q1").build("metrics.message_forecast")
        assert market.get("message_forecast", "2025-Q1").reason == reason


def test_the_profile_is_that_of_the_last_eight_weeks(office):
    """A November of other habits is forgotten by February: Sundays as busy as Mondays then bend nothing now."""
    for week in range(6):
        sunday = FIRST_MONDAY + timedelta(days=7 * week + 6)
        office.add("messages", 8, sent_at=f"{sunday} 18:00")
    office.plan("2025-Q1").build("metrics.message_forecasts")
    found = dict(office.rows("select seen_from, forecast from metrics.message_forecasts"))
    total = between(date(2025, 1, 1), date(2025, 4, 1))
    assert found["as_of"] == pytest.approx(total)
    assert abs(found["2025-W02"] - total) > 1, "in January three of those Sundays were among the last eight"


def test_without_messages_nothing_is_forecast():
    """The messages stopped before the quarter: it has no rows, and says so."""
    with marketplace(as_of="2025-02-15") as market:
        write(market, FIRST_MONDAY, date(2024, 12, 20))
        market.plan("2024-Q4", "2025-Q1").build("metrics.message_forecast")
        assert market.get("message_forecast", "2025-Q1").reason == "no_data"
        assert market.get("message_forecast", "2024-Q4").value == between(FIRST_MONDAY, date(2024, 12, 20))


def test_only_automatic_messages_are_no_data(office):
    office.con.execute("update raw.messages set is_automated = true where sent_at >= '2025-01-01'")
    office.plan("2025-Q1").build("metrics.message_forecast")
    assert office.get("message_forecast", "2025-Q1").reason == "no_data"


def test_messages_that_are_delivered_late_are_not_taken_for_silence():
    """Other exports reach to the 15th, the messages to the 1st: the forecast stands where the messages end."""
    with marketplace(as_of="2025-02-15") as market:
        write(market, FIRST_MONDAY, date(2025, 2, 2))
        market.plan("2025-Q1").build("metrics.message_forecasts")
        assert forecasts(market, "seen_from, cut_day")[-1] == ("as_of", date(2025, 2, 1))
        (value,) = market.rows("select forecast from metrics.message_forecasts where seen_from = 'as_of'")
        assert value[0] == pytest.approx(between(date(2025, 1, 1), date(2025, 4, 1)))


@pytest.fixture
def past():
    """A whole first quarter: steady to February, then twice as many a day."""
    with marketplace(as_of="2025-04-03", first_day="2024-11-04") as market:
        write(market, FIRST_MONDAY, date(2025, 3, 1))
        yield write(market, date(2025, 3, 1), date(2025, 4, 1), times=2)


def test_a_quarter_that_is_over_is_known(past):
    past.plan("2025-Q1").build("metrics.message_forecast")
    total = between(date(2025, 1, 1), date(2025, 4, 1)) + between(date(2025, 3, 1), date(2025, 4, 1))
    assert past.get("message_forecast", "2025-Q1") == (total, total, None, total, total, total, None)
    assert past.get("message_target_probability", "2025-Q1").value == 0
    last = forecasts(past, "seen_from, days_left, sd, method, actual, is_inside_95, required_per_day")[-2:]
    assert last == [(name, 0, 0.0, "observed", total, None, None) for name in ("2025-03", "as_of")]


def test_the_back_test_counts_what_the_limits_held(past):
    """Eleven views from a week's or month's end inside the quarter, but for the first, which was too early; those
    before March knew nothing of what came. A day that ends a week and a month counts once, a final count never."""
    past.plan("2025-Q1").build("metrics.message_forecast")
    views = past.rows(
        "select distinct cut_day, is_inside_80, is_inside_95 from metrics.message_forecasts "
        "where is_inside_95 is not null order by cut_day"
    )
    assert [day for day, *_ in views] == [
        date(2025, 1, 12), date(2025, 1, 19), date(2025, 1, 26), date(2025, 1, 31), date(2025, 2, 2), date(2025, 2, 9),
        date(2025, 2, 16), date(2025, 2, 23), date(2025, 2, 28), date(2025, 3, 2), date(2025, 3, 9), date(2025, 3, 16),
        date(2025, 3, 23), date(2025, 3, 30),
    ]  # fmt: skip
    assert not any(inside for day, _, inside in views if day < date(2025, 3, 1))
    row = past.get("message_forecast_coverage", "2025-Q1")
    assert (row.numerator, row.denominator) == (sum(inside for *_, inside in views), 14)
    assert row.low < row.value < row.high
    narrow = past.get("message_forecast_coverage_80", "2025-Q1")
    assert (narrow.numerator, narrow.denominator) == (sum(inside for _, inside, _ in views), 14)


def test_a_view_is_held_against_the_final_count(past):
    past.plan("2025-Q1").build("metrics.message_forecasts")
    for low_80, high_80, low_95, high_95, actual, is_80, is_95 in past.rows(
        "select low_80, high_80, low_95, high_95, actual, is_inside_80, is_inside_95 from metrics.message_forecasts "
        "where is_inside_95 is not null"
    ):
        assert (is_80, is_95) == (low_80 <= actual <= high_80, low_95 <= actual <= high_95)


def test_coverage_is_that_of_all_quarters_up_to_this_one(past):
    """The fourth quarter of 2024 has one week's end with eight weeks before it; the running second has no final count,
    and so adds nothing."""
    past.plan("2024-Q4", "2025-Q1", "2025-Q2").build("metrics.message_forecast")
    found = [past.get("message_forecast_coverage", quarter).n for quarter in ("2024-Q4", "2025-Q1", "2025-Q2")]
    assert found == [1, 15, 15]


def test_a_day_that_ends_a_week_and_a_month_is_one_view():
    """Sunday, 31 August 2025."""
    with marketplace(as_of="2025-10-01") as market:
        write(market, date(2025, 4, 28), date(2025, 10, 1))
        market.plan("2025-Q3").build("metrics.message_forecast")
        views = market.rows(
            "select count(*), count(distinct cut_day) from metrics.message_forecasts where is_inside_95 is not null"
        )
        assert views == [(14, 13)]
        assert market.get("message_forecast_coverage", "2025-Q3").n == 13


def test_messages_that_begin_inside_the_quarter_are_no_quiet_days_before():
    """Nine weeks from the 6th of January on: five days of the quarter were never seen."""
    with marketplace(as_of="2025-03-10", first_day="2025-01-06") as market:
        write(market, date(2025, 1, 6), date(2025, 3, 10))
        market.plan("2025-Q1").build("metrics.message_forecasts")
        assert forecasts(market, "days_observed, round(forecast, 6), dispersion")[-1] == (
            63,
            between(date(2025, 1, 6), date(2025, 4, 1)),
            1.0,
        )


def test_a_quarter_without_a_target_has_no_probability():
    """The briefs' target is in force from 2024 on."""
    with marketplace(as_of="2023-12-20", first_day="2023-08-07") as market:
        write(market, date(2023, 8, 7), date(2023, 12, 20))
        market.plan("2023-Q4").build("metrics.message_forecast")
        assert market.get("message_forecast", "2023-Q4").value > 0
        assert market.get("message_target_probability", "2023-Q4").reason == "no_target"
        assert forecasts(market, "distinct target, probability, rag, required_per_day") == [(None,) * 4]


def config(folder: Path, target: str = "100000", calendar: str = "") -> Path:
    targets = (DEFAULT_CONFIG / "targets.csv").read_text(encoding="utf-8")
    (folder / "targets.csv").write_text(targets.replace("quarter,100000,90000", f"quarter,{target},"), encoding="utf-8")
    if calendar:
        (folder / "calendar.csv").write_text("day,multiplier,name\n" + calendar, encoding="utf-8")
    return folder


def seen_now(market, folder: Path) -> dict:
    market.plan("2025-Q1").build("core.message_hours")
    rows = message_forecasts.compute(market.con, folder)
    return rows.row(by_predicate=pl.col("seen_from") == "as_of", named=True)


@pytest.mark.parametrize(
    ("target", "rag"),
    [("500", "green"), ("973", "green"), ("975", "amber"), ("1027", "amber"), ("1029", "red")],
)
def test_the_colour_in_flight_is_that_of_the_probability(office, tmp_path, target, rag):
    """1,001 are expected, with a spread of 31: P(975) = 0.794, P(1,029) = 0.188."""
    row = seen_now(office, config(tmp_path, target))
    lowest = {"green": 0.8, "amber": 0.2, "red": 0.0}[rag]
    highest = {"green": 1.0, "amber": 0.8, "red": 0.2}[rag]
    assert row["rag"] == rag
    assert lowest <= row["probability"] <= highest


class Worked(message_forecasts.History):
    """A31's quarter: its profile is printed and not that of any eight weeks."""

    def profile(self, cut: date) -> np.ndarray:
        return np.array(PROFILE) / np.mean(PROFILE)


def test_a31_own_the_worked_quarter_as_it_is_stored():
    """A31 [OWN]: naively on track at 100,980; the forecast, its spread and limits; amber at 0.596; 1,100.2 a day."""
    known = Worked(date(2024, 10, 7), date(2025, 2, 15), np.array([0] * 86 + COUNTS), {}, 1)
    quarter = message_forecasts.Quarter("2025-Q1", date(2025, 1, 1), date(2025, 4, 1), False)
    row = message_forecasts.forecast_row(known, quarter, date(2025, 2, 15), 100_000)
    assert (row["observed"], row["days_observed"], row["days_left"], row["naive"]) == (50_490, 45, 45, 100_980)
    assert (round(row["forecast"], 1), round(row["dispersion"], 4), round(row["sd"], 2)) == (100_080.2, 1.0837, 326.37)
    limits = [round(row[name], 1) for name in ("low_80", "high_80", "low_95", "high_95")]
    assert limits == [99_655.5, 100_504.8, 99_422.4, 100_737.9]
    assert (round(row["probability"], 3), row["rag"], round(row["required_per_day"], 1)) == (0.596, "amber", 1_100.2)


def test_a_target_that_is_reached_needs_no_pace(office, tmp_path):
    assert seen_now(office, config(tmp_path, "500"))["required_per_day"] == 0


def test_special_days_count_as_busy_as_the_office_expects_them(office, tmp_path):
    """A campaign Monday to come of twice the usual; one in the past explains what it brought."""
    plain = seen_now(office, config(tmp_path))["forecast"]
    assert seen_now(office, config(tmp_path, calendar="2025-03-10,2,campaign\n"))["forecast"] == pytest.approx(
        plain + 14
    )
    office.add("messages", 14, sent_at="2025-01-20 15:00")
    told = seen_now(office, config(tmp_path, calendar="2025-01-20,2.0,campaign\n"))["forecast"]
    assert told == pytest.approx(plain + 14)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("day;multiplier;name\n", "line 1: the header must read day,multiplier,name"),
        ("day,multiplier,name\n27/11/2026,2,x\n", "line 2: day '27/11/2026' is not a day; write 2026-11-27"),
        ("day,multiplier,name\n2026-11-27,,x\n", "line 2: multiplier '' is not a number from 0.01 to 100"),
        ("day,multiplier,name\n2026-11-27,0,x\n", "multiplier '0' is not a number from 0.01"),
        ("day,multiplier,name\n2026-11-27,nan,x\n", "multiplier 'nan' is not a number"),
        ("day,multiplier,name\n2026-11-27\n", "multiplier None is not a number"),
        ("day,multiplier,name\n2026-11-27,2,x\n2026-11-27,3,y\n", "line 3: day 2026-11-27 is listed twice"),
    ],
)
def test_a_mistake_in_the_calendar_is_named_with_its_line(tmp_path, text, complaint):
    path = tmp_path / "calendar.csv"
    path.write_text(text)
    with pytest.raises(BadConfiguration, match=complaint):
        load_special_days(path)


def test_an_office_without_a_calendar_has_no_special_days(tmp_path):
    assert load_special_days(tmp_path / "calendar.csv") == {}
    assert load_special_days(DEFAULT_CONFIG / "calendar.csv") == {}


def test_the_path_through_a_running_quarter(office):
    """At each day's end: what was counted, the target in even and in weekly steps, and the forecast from now on."""
    office.plan("2025-Q1").build("metrics.message_paths")
    rows = {day: rest for day, *rest in office.rows("select * exclude (period_id) from metrics.message_paths")}
    assert len(rows) == 90
    total, observed = between(date(2025, 1, 1), date(2025, 4, 1)), between(date(2025, 1, 1), date(2025, 2, 15))
    counted, cumulative, even, weekly, forecast = rows[date(2025, 1, 6)]
    assert (counted, cumulative, forecast) == (14, between(date(2025, 1, 1), date(2025, 1, 7)), None)
    assert (even, weekly) == (pytest.approx(100_000 * 6 / 90), pytest.approx(100_000 * cumulative / total))
    assert rows[date(2025, 2, 14)][:2] == [12, observed]
    assert rows[date(2025, 2, 14)][4] == pytest.approx(observed)
    assert rows[date(2025, 2, 15)][:2] == [None, None]
    assert rows[date(2025, 2, 17)][4] == pytest.approx(observed + 8 + 6 + 14)
    assert rows[date(2025, 3, 31)][2:] == pytest.approx([100_000, 100_000, total])


def test_the_path_of_a_quarter_that_is_over_has_no_forecast(past):
    past.plan("2024-Q4", "2025-Q1").build("metrics.message_paths")
    drawn = past.rows(
        "select period_id, count(cumulative), max(cumulative), count(forecast), count(weekly_pace) "
        "from metrics.message_paths group by period_id order by period_id"
    )
    counted = between(date(2025, 1, 1), date(2025, 4, 1)) + between(date(2025, 3, 1), date(2025, 4, 1))
    assert drawn[0][0::4] == ("2024-Q4", 92)
    assert drawn[1] == ("2025-Q1", 90, counted, 0, 90)


def test_a_path_without_history_or_target_has_no_pace():
    with marketplace(as_of="2023-10-20", first_day="2023-10-01") as market:
        write(market, date(2023, 10, 1), date(2023, 10, 20))
        market.plan("2023-Q4").build("metrics.message_paths")
        assert market.rows(
            "select count(*), count(cumulative), count(even_pace), count(weekly_pace), count(forecast) "
            "from metrics.message_paths"
        ) == [(92, 19, 0, 0, 0)]


def test_a_path_of_nothing_is_no_rows(tmp_path):
    with marketplace() as market:
        market.plan("2025-Q1").build("core.message_hours")
        assert message_paths.compute(market.con, config(tmp_path)).is_empty()
