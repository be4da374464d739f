"""Proposed targets: their evidence, their file, and the way of a signed row into force (METRICS.md A30, B1, B17,
B28)."""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.analyses.target_proposals import Edition, Record, edition_rows
from pipeline.catalogue import load_catalogue
from pipeline.periods import parse
from pipeline.statistics.baselines import Figure
from pipeline.targets import Target, in_force

RATES = (0.81, 0.835, 0.82, 0.84, 0.805, 0.825, 0.83, 0.815, 0.82, 0.845, 0.83, 0.825)


def edition(period_id: str, is_complete: bool = True) -> Edition:
    period = parse(period_id)
    return Edition(period.id, period.type, period.start, period.end, is_complete)


MONTHS = [edition(f"2025-{month:02d}") for month in range(1, 13)]
QUARTERS = [edition(f"2025-Q{quarter}") for quarter in range(1, 5)]


def target(metric: str, value: str, period_type: str = "all", amber: str = "", direction: str = "up", **more) -> Target:
    factor = Decimal("0.90") if direction == "up" else Decimal("1.10")
    line = Decimal(amber) if amber else Decimal(value) * factor
    values = {"version": 1, "effective_from": date(2024, 1, 1), "owner": "", "source": "", **more}
    return Target(metric, period_type, Decimal(value), line, direction, **values)


def record(figures: dict, *targets: Target, months=MONTHS) -> Record:
    return Record(months, QUARTERS, figures, targets, 1)


def by_month(metric: str, values, of: int | None = None) -> dict:
    """The metric's figures from January on: shares of `of` cases, or counts."""
    return {
        (metric, month.period_id): Figure(value, round(value * of), of) if of else Figure(float(value), value)
        for month, value in zip(MONTHS, values, strict=False)
        if value is not None
    }


def row_of(known: Record, metric: str, period_id: str = "2025-Q4") -> dict:
    (row,) = [row for row in edition_rows(edition(period_id), known) if row["metric"] == metric]
    return row


def test_a30_the_row_of_a_share():
    """The worked year by months of 200: limits [0.78026, 0.86974]; 0.95 is out of its reach, 0.80 is not."""
    figures = by_month("review_response_48h", RATES, of=200)
    row = row_of(record(figures, target("review_response_48h", "0.95", amber="0.90")), "review_response_48h")
    assert (row["for_period"], row["is_final"], row["period_type"], row["basis"]) == (
        "2026-Q1",
        True,
        "all",
        "pooled_cases",
    )
    assert (row["first_month"], row["last_month"], row["months"]) == ("2025-10", "2025-12", 12)
    assert (row["numerator"], row["denominator"], row["baseline"]) == (500, 600, 500 / 600)
    assert (round(row["limit_mean"], 5), round(row["limit_low"], 5), round(row["limit_high"], 5)) == (
        0.825,
        0.78026,
        0.86974,
    )
    assert (row["policy_target"], row["policy_version"], row["assurance"]) == (0.95, 1, "consistently_fail")
    assert row["detectable_change"] == pytest.approx(2.801585 * (500 / 600 * 100 / 600 * 2 / 600) ** 0.5, rel=1e-6)
    assert (row["floor"], row["committed"]) == (0.90, 0.90), "83.3 % + 6.0 pp is below the floor"
    assert (row["stretch"], row["months_at_proposal"], row["share_at_proposal"]) == (0.95, 0, 0)
    assert row["best_improvement"] == pytest.approx((0.845 + 0.83 + 0.825 - 0.83 - 0.815 - 0.82) / 3)


def test_verdicts_of_a_target_that_the_process_may_and_will_meet():
    figures = by_month("review_response_48h", RATES, of=200)
    for value, verdict in (("0.80", "hit_and_miss"), ("0.75", "consistently_pass")):
        assert (
            row_of(record(figures, target("review_response_48h", value)), "review_response_48h")["assurance"] == verdict
        )


def test_every_month_has_the_verdict_as_of_then():
    """Seven months are too short for limits; afterwards each edition looks back on twelve at most."""
    known = record(by_month("review_response_48h", RATES, of=200), target("review_response_48h", "0.95"))
    found = [row_of(known, "review_response_48h", month.period_id) for month in MONTHS]
    assert [row["assurance"] for row in found] == ["too_short"] * 7 + ["consistently_fail"] * 5
    assert [row["reason"] for row in found[:3] if "reason" in row] == ["too_short"] * 2
    assert [row["months"] for row in found] == list(range(1, 13))
    assert [row["for_period"] for row in found[::3]] == ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]
    assert not any(row["is_final"] for row in found)
    assert found[2]["committed"] > found[2]["baseline"] == pytest.approx((0.81 + 0.835 + 0.82) / 3)


def test_only_twelve_months_count():
    months = [edition("2024-12"), *MONTHS]
    figures = by_month("review_response_48h", RATES, of=200) | {
        ("review_response_48h", "2024-12"): Figure(0.1, 20, 200)
    }
    row = row_of(record(figures, months=months), "review_response_48h")
    assert (row["months"], round(row["limit_mean"], 6)) == (12, 0.825)


def test_a_quarter_that_runs_gives_a_draft():
    known = record(by_month("review_response_48h", RATES[:11], of=200), months=MONTHS[:11])
    (row,) = [
        row
        for row in edition_rows(edition("2025-Q4", is_complete=False), known)
        if row["metric"] == "review_response_48h"
    ]
    assert (row["is_final"], row["last_month"]) == (False, "2025-11")


def test_less_is_better():
    """A count of unanswered inquiries: by the month, from its month-to-month variation, downwards."""
    row = row_of(record(by_month("unanswered_inquiries", [100, 104] * 6)), "unanswered_inquiries")
    assert (row["basis"], row["period_type"], row["better"]) == ("mean_of_months", "month", "down")
    assert row["baseline"] == pytest.approx(308 / 3)
    assert row["detectable_change"] == pytest.approx(2.801585 * 4 / 1.128 * (2 / 3) ** 0.5, rel=1e-6)
    assert row["committed"] == pytest.approx(row["baseline"] - row["detectable_change"])
    assert (row["months_at_proposal"], row["stretch"], row["assurance"]) == (0, None, "no_target")


def test_a_month_at_the_proposal_is_on_the_good_side_of_it():
    row = row_of(record(by_month("unanswered_inquiries", [80, 104] + [100, 104] * 5)), "unanswered_inquiries")
    assert 80 < row["committed"] < 100
    assert (row["months_at_proposal"], row["share_at_proposal"]) == (1, 1 / 12)


def test_more_noise_than_there_is_to_lose_proposes_nothing():
    row = row_of(record(by_month("unanswered_inquiries", [10, 200] * 6)), "unanswered_inquiries")
    assert (row["reason"], row.get("committed")) == ("too_noisy", None)


def messages(values, quarter_total: int) -> dict:
    return by_month("message_count", values) | {
        ("message_count", "2025-Q4"): Figure(float(quarter_total), quarter_total)
    }


def test_a_quarters_sum_is_held_against_three_months():
    """30,000 and 31,000 by turns: a quarter's 100,000 lies above three times the upper limit, 90,000 within."""
    values = [30_000, 31_000] * 6
    for value, verdict in (("100000", "consistently_fail"), ("90000", "hit_and_miss")):
        row = row_of(record(messages(values, 92_000), target("message_count", value, "quarter")), "message_count")
        assert row["assurance"] == verdict
    assert (row["basis"], row["period_type"], row["baseline"], row["numerator"]) == (
        "sum_of_months",
        "quarter",
        92_000,
        92_000,
    )
    assert row["limit_high"] == pytest.approx(3 * (30_500 + 2.66 * 1000))
    assert row["detectable_change"] == pytest.approx(3 * 2.801585 * 1000 / 1.128 * (2 / 3) ** 0.5, rel=1e-6)
    assert row["floor"] is None, "90 % of the target is nobody's word"
    assert row["best_improvement"] == pytest.approx(1000), "31, 30, 31 after 30, 31, 30"


def test_a_month_is_held_against_its_third_of_a_quarter():
    row = row_of(
        record(messages([40_000, *[30_000, 30_400] * 5, 30_000], 90_400), target("message_count", "100000", "quarter")),
        "message_count",
    )
    assert 3 * 30_400 < row["committed"] < 3 * 40_000
    assert row["months_at_proposal"] == 1


def test_months_that_do_not_add_up_to_their_quarter_are_not_held_against_its_target():
    """Distinct people: 92,000 in three months, 40,000 in the quarter."""
    row = row_of(
        record(messages([30_000, 31_000] * 6, 40_000), target("message_count", "50000", "quarter")), "message_count"
    )
    assert (row["reason"], row["assurance"], row["policy_target"]) == ("not_additive", "not_comparable", 50_000)


def test_a_target_of_what_is_only_known_by_the_quarter_is_not_comparable_by_months():
    """However many months there are: it is not that they are too few."""
    known = record({}, target("training_participation", "0.8", "quarter"))
    row = row_of(known, "training_participation")
    assert (row["assurance"], row["reason"], row["policy_target"]) == ("not_comparable", "no_months", 0.8)
    assert row_of(record({}), "training_participation")["assurance"] == "no_target"


@pytest.mark.parametrize("metric", ["review_response_48h_with_text", "health_scored_share", "orders_without_promise"])
def test_nobody_aims_at_what_a_figure_rests_on_or_at_a_variant_of_one(metric):
    """The catalogue says so: neither more nor less of it is better."""
    assert {m.metric: m.better for m in load_catalogue()}[metric] == ""
    rows = edition_rows(edition("2025-Q4"), record(by_month(metric, RATES, of=200)))
    assert metric not in {row["metric"] for row in rows}


def test_a_target_by_the_month_stays_one():
    row = row_of(
        record(messages([30_000, 31_000] * 6, 92_000), target("message_count", "29000", "month")), "message_count"
    )
    assert (row["period_type"], row["basis"], row["baseline"]) == ("month", "mean_of_months", pytest.approx(92_000 / 3))


@pytest.mark.parametrize(
    ("metric", "figures", "reason"),
    [
        ("training_participation", {}, "no_months"),
        ("message_growth", by_month("message_growth", RATES), "not_a_level"),
        ("nps", {("nps", "2025-12"): Figure(None, reason="not_measured")}, "not_measured"),
        ("nps", {}, "too_short"),
        ("csat", by_month("csat", RATES[:2], of=100), "too_short"),
        ("csat", by_month("csat", (0.8,) * 3, of=10), None),
        ("csat", by_month("csat", (0.8, 0.8, 8 / 9), of=9), "too_short"),
        ("rating_mean", {("rating_mean", f"2025-{m:02d}"): Figure(4.1, 41, 10) for m in range(6, 13)}, "too_short"),
        ("rating_mean", {("rating_mean", f"2025-{m:02d}"): Figure(4.1, 41, 10) for m in range(5, 13)}, None),
    ],
    ids=[
        "quarters-only",
        "a-change",
        "no-file",
        "nothing",
        "two-months",
        "thirty",
        "months-too-small",
        "seven",
        "eight",
    ],
)
def test_what_no_proposal_rests_on_is_said(metric, figures, reason):
    row = row_of(record(figures), metric)
    assert (row.get("reason"), "committed" in row) == (reason, reason is None)


def test_too_few_cases():
    figures = by_month("csat", (0.8, 0.8, 0.8), of=10) | {("csat", "2025-03"): Figure(0.8, 8, 10)}
    assert row_of(record(figures), "csat").get("reason") is None
    figures[("nps", "2025-01")] = figures[("nps", "2025-02")] = figures[("nps", "2025-03")] = Figure(10.0, 1, 10)
    assert row_of(record(figures), "nps")["reason"] == "too_short", "30 answers, but too few months for their variation"
    figures[("nps", "2025-03")] = Figure(10.0, None, None)
    assert row_of(record(figures), "nps")["reason"] == "too_few"


def test_the_newest_months_with_a_value_count():
    """Returns take a month or two to mature: the last months have no value yet."""
    row = row_of(record(by_month("return_rate", (0.05,) * 10, of=400)), "return_rate")
    assert (row["first_month"], row["last_month"], row["months"]) == ("2025-08", "2025-10", 10)


def test_the_newest_target_in_force_counts():
    old, new = target("csat", "0.80"), target("csat", "0.85", version=2)
    later = target("csat", "0.90", effective_from=date(2025, 11, 1), version=3)
    known = record(by_month("csat", RATES, of=200), old, new, later)
    assert row_of(known, "csat", "2025-10")["policy_target"] == 0.85
    assert row_of(known, "csat", "2025-11")["policy_target"] == 0.90
    assert in_force(known.targets, "csat", ("quarter",), date(2025, 12, 1)) is None


def test_metrics_that_are_neither_better_nor_worse_have_no_row():
    rows = edition_rows(edition("2025-Q4"), record({}))
    assert len(rows) == len({row["metric"] for row in rows})
    assert "seller_initiated_share" not in {row["metric"] for row in rows}
