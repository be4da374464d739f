"""Weeks, months and quarters: their names, bounds and neighbours. No date arithmetic on periods anywhere else.

A period is half-open, `[start, end)`, in local days of the office. Weeks are ISO weeks; quarters follow the fiscal
year. Which periods a run computes is decided in `pipeline.planning`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pipeline.errors import UserError

PeriodType = Literal["week", "month", "quarter"]
PERIOD_TYPES: tuple[PeriodType, ...] = ("week", "month", "quarter")

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True)
class Period:
    """One week, month or quarter. `end` is the first day after it."""

    start: date
    end: date
    type: PeriodType
    id: str
    fiscal_year_start_month: int = 1

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def previous(self) -> Period:
        return containing(self.start - timedelta(days=1), self.type, self.fiscal_year_start_month)

    @property
    def next(self) -> Period:
        return containing(self.end, self.type, self.fiscal_year_start_month)

    @property
    def label(self) -> str:
        """As a person says it: `March 2026`, `Q1 2026`, `week 9 of 2026`."""
        if self.type == "month":
            return f"{self.start:%B %Y}"
        year, _, number = self.id.partition("-")
        return f"{number} {year}" if self.type == "quarter" else f"week {int(number[1:])} of {year}"

    @property
    def short(self) -> str:
        """As a column's head says it: `Mar`, `Q1`, `W9`."""
        if self.type == "month":
            return f"{self.start:%b}"
        return self.id[5:] if self.type == "quarter" else f"W{int(self.id[6:])}"


def containing(day: date, period_type: PeriodType, fiscal_year_start_month: int = 1) -> Period:
    """The period of that type that `day` lies in.

    A fiscal year is named after the calendar year in which it ends; with a year that starts in January the two agree.
    """
    if period_type == "week":
        start = day - timedelta(days=day.weekday())
        year, week, _ = start.isocalendar()
        return Period(start, start + timedelta(days=7), "week", f"{year}-W{week:02d}", fiscal_year_start_month)
    if period_type == "month":
        start = day.replace(day=1)
        return Period(start, _months_later(start, 1), "month", f"{start:%Y-%m}", fiscal_year_start_month)
    months_in = (day.month - fiscal_year_start_month) % 12
    start = _months_later(day.replace(day=1), -(months_in % 3))
    year_start = _months_later(day.replace(day=1), -months_in)
    year = year_start.year if fiscal_year_start_month == 1 else year_start.year + 1
    name = f"{year}-Q{months_in // 3 + 1}"
    return Period(start, _months_later(start, 3), "quarter", name, fiscal_year_start_month)


def parse(period_id: str, fiscal_year_start_month: int = 1) -> Period:
    """The period of that name: `2026-02`, `2026-Q1` or `2026-W09`. Raises UserError for any other text."""
    if match := _MONTH.fullmatch(period_id):
        return containing(date(int(match[1]), int(match[2]), 1), "month", fiscal_year_start_month)
    if match := _QUARTER.fullmatch(period_id):
        year = int(match[1]) - (fiscal_year_start_month > 1)
        start = _months_later(date(year, fiscal_year_start_month, 1), 3 * (int(match[2]) - 1))
        return containing(start, "quarter", fiscal_year_start_month)
    if match := _WEEK.fullmatch(period_id):
        try:
            return containing(date.fromisocalendar(int(match[1]), int(match[2]), 1), "week", fiscal_year_start_month)
        except ValueError:
            raise UserError(f"{period_id!r}: {match[1]} has no week {match[2]}") from None
    raise UserError(f"{period_id!r} is not a period; write a month 2026-02, a quarter 2026-Q1 or a week 2026-W09")


def between(first: date, last: date, period_type: PeriodType, fiscal_year_start_month: int = 1) -> Iterator[Period]:
    """Every period of that type with a day in `[first, last)`, in order."""
    period = containing(first, period_type, fiscal_year_start_month)
    while period.start < last:
        yield period
        period = period.next


def _months_later(day: date, months: int) -> date:
    """The first of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
