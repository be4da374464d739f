"""Weeks, months and quarters: names, bounds, neighbours, and the calendar's awkward days."""

import itertools
from datetime import date

import pytest

from pipeline.errors import UserError
from pipeline.periods import between, containing, parse


@pytest.mark.parametrize(
    ("name", "fiscal", "start", "end"),
    [
        ("2026-02", 1, date(2026, 2, 1), date(2026, 3, 1)),
        ("2024-02", 1, date(2024, 2, 1), date(2024, 3, 1)),  # a leap February
        ("2026-12", 1, date(2026, 12, 1), date(2027, 1, 1)),  # over the year's end
        ("2026-Q1", 1, date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", 3, date(2025, 12, 1), date(2026, 3, 1)),  # METRICS.md B1: February closes the fourth quarter
        ("2027-Q1", 3, date(2026, 3, 1), date(2026, 6, 1)),  # a fiscal year is named after the year it ends in
        ("2026-W09", 1, date(2026, 2, 23), date(2026, 3, 2)),
        ("2020-W53", 1, date(2020, 12, 28), date(2021, 1, 4)),  # a year of 53 weeks
        ("2025-W01", 1, date(2024, 12, 30), date(2025, 1, 6)),  # begins in the year before
    ],
)
def test_a_name_means_its_days_and_its_days_mean_the_name(name, fiscal, start, end):
    period = parse(name, fiscal)
    assert (period.start, period.end) == (start, end)
    assert containing(start, period.type, fiscal) == period
    assert containing(end, period.type, fiscal) == period.next
    assert period.next.previous == period


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "2025-W53", "2026", "February", "2026-2", "", "2026-W00"])
def test_what_is_no_period_is_said_so(text):
    with pytest.raises(UserError, match=r"2026-02|has no week"):
        parse(text)


def test_between_covers_every_day_once():
    for period_type in ("week", "month", "quarter"):
        periods = list(between(date(2024, 10, 1), date(2026, 3, 31), period_type))
        assert all(a.end == b.start for a, b in itertools.pairwise(periods))
        assert periods[0].start <= date(2024, 10, 1) < periods[0].end
        assert periods[-1].start < date(2026, 3, 31) <= periods[-1].end


def test_between_does_not_begin_a_period_on_its_last_day():
    assert [p.id for p in between(date(2026, 2, 1), date(2026, 3, 1), "month")] == ["2026-02"]


@pytest.mark.parametrize(
    ("name", "label"), [("2026-02", "February 2026"), ("2026-Q1", "Q1 2026"), ("2026-W09", "week 9 of 2026")]
)
def test_a_label_reads_as_a_person_says_it(name, label):
    assert parse(name).label == label
