"""The quarter's messages at the end of a week, against the even path to their target.

What belongs here: which quarter a week's sheet tells of, where it stands, and its chart up to that day. The chart is
drawn by `pipeline.figures.quarterly.message_paths`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipeline.figures.chart_shapes import PathChart
from pipeline.figures.forecast import running_forecast
from pipeline.figures.model import BigNumber, DataRow, Tone
from pipeline.figures.numbers import MISSING, count, number, plural, rounded
from pipeline.figures.published import Published
from pipeline.figures.quarterly.message_paths import PathDay, drawn, months_of, path_days
from pipeline.periods import Period, containing

NEAR = 0.9  # of the path; METRICS.md A19
HIGH_MM = 20.0


@dataclass(frozen=True)
class QuarterSoFar:
    """The quarter that the week's last counted day lies in: its days, those after that day without a count."""

    quarter: Period
    days: tuple[PathDay, ...]
    target: float | None

    @property
    def seen(self) -> tuple[PathDay, ...]:
        return tuple(day for day in self.days if day.cumulative is not None)

    @property
    def total(self) -> float:
        return self.seen[-1].cumulative or 0.0

    @property
    def last_day(self) -> date:
        return self.seen[-1].day

    @property
    def days_left(self) -> int:
        return len(self.days) - len(self.seen)

    @property
    def gap(self) -> float | None:
        """What the total is above the even path, at the quarter's end above the target; None without a target."""
        even = self.seen[-1].even
        return None if even is None else self.total - even

    @property
    def tone(self) -> Tone:
        """Good on the even path or above it, watch from nine tenths of it, else bad; '' without a target."""
        if self.gap is None:
            return ""
        path = self.total - self.gap
        return "good" if self.gap >= 0 else "watch" if self.total >= NEAR * path else "bad"


def quarter_so_far(source: Published) -> QuarterSoFar | None:
    """None where messages are not measured, or no day of the quarter has been counted by the week's end."""
    now = source.at("message_count")
    if now is None or now.value is None:
        return None
    until = min(source.period.end, source.run.as_of_day)
    quarter = containing(until - timedelta(days=1), "quarter", source.period.fiscal_year_start_month)
    days = _as_of(source, quarter, path_days(source, quarter), until)
    if not days or days[0].cumulative is None:
        return None
    return QuarterSoFar(quarter, tuple(days), source.target_of("message_count", quarter.id))


def _as_of(source: Published, quarter: Period, days: list[PathDay], until: date) -> list[PathDay]:
    """The days as they were seen before `until`: no count from then on, and the forecast made then.

    The forecast's line goes in step with the weekly path, as the published one does for the last day there is.
    """
    found = running_forecast(source, quarter)
    seen = [day for day in days if day.day < until and day.cumulative is not None]
    if not seen or len(seen) == len(days) or found is None or found.value is None:
        return [replace(day, cumulative=day.cumulative if day.day < until else None, forecast=None) for day in days]
    total, start, end = float(seen[-1].cumulative or 0), _pace(seen[-1]), _pace(days[-1])
    step = (found.value - total) / (end - start)
    return [
        replace(
            day,
            cumulative=day.cumulative if day.day < until else None,
            forecast=None if day.day < seen[-1].day else total + step * (_pace(day) - start),
        )
        for day in days
    ]


def _pace(day: PathDay) -> float:
    """The weekly path, or else the even one, or else the days themselves."""
    pace = day.weekly if day.weekly is not None else day.even
    return float(day.day.toordinal() if pace is None else pace)


def path_clause(so_far: QuarterSoFar, week: str) -> str:
    """`Q1 2026 stands at 99 512 messages after week 13, 1 734 above the even path to 100 000`."""
    text = f"{so_far.quarter.label} {'stands at' if so_far.days_left else 'closed with'} "
    text += plural(int(so_far.total), "message") + (f" after {week}" if so_far.days_left else "")
    return text + target_clause(so_far.gap, so_far.target, is_over=not so_far.days_left)


def target_clause(gap: float | None, target: float | None, *, is_over: bool) -> str:
    if gap is None or target is None:
        return "; no target is set"
    goal = f"the target of {count(target)}" if is_over else f"the even path to {count(target)}"
    if not rounded(gap, 0):
        return f", on {goal}"
    return f", {count(abs(gap))} {'above' if gap > 0 else 'below'} {goal}"


def closed_sentence(source: Published) -> str:
    """How the quarter before closed, where the week holds its last day and days of the next; '' otherwise."""
    until = min(source.period.end, source.run.as_of_day)
    quarter = containing(until - timedelta(days=1), "quarter", source.period.fiscal_year_start_month)
    before = source.at("message_count", quarter.previous.id)
    if quarter.start <= source.period.start or before is None or before.value is None:
        return ""
    gap = None if before.target is None else before.value - before.target
    text = f"{quarter.previous.label} closed with {plural(int(before.value), 'message')}"
    return f"{text}{target_clause(gap, before.target, is_over=True)}."


def quarter_number(so_far: QuarterSoFar, week: str) -> BigNumber:
    """The total, large; `week` says how the week itself went."""
    parts = [f"{so_far.quarter.label} to {so_far.last_day}"]
    if so_far.target is not None and so_far.gap is not None:
        parts.append(f"target {count(so_far.target)}")
        if so_far.days_left:
            word = {"good": "▲ on or above it", "watch": "● near it", "bad": "▼ below it"}[so_far.tone]
            parts.append(f"even path {count(so_far.total - so_far.gap)} {word}")
        else:
            parts.append({"good": "▲ met", "watch": "● near", "bad": "▼ missed"}[so_far.tone])
    return BigNumber(count(so_far.total), "messages", " · ".join([*parts, week]), so_far.tone)


def pace_sentence(so_far: QuarterSoFar) -> str:
    """What the target still asks for a day, where the total is below the even path; '' otherwise."""
    if so_far.target is None or so_far.gap is None or so_far.gap >= 0 or not so_far.days_left:
        return ""
    a_day = (so_far.target - so_far.total) / so_far.days_left
    last = so_far.seen[-8:]
    text = f"Decide whether messages need more for their target: it asks for {count(a_day)} a day"
    text += f" on the {plural(so_far.days_left, 'day')} left"
    if len(last) == 8:
        brought = (so_far.total - float(last[0].cumulative or 0)) / 7
        text += f"; the last seven days brought {count(brought)} a day"
    return f"{text}."


def path_so_far(source: Published, so_far: QuarterSoFar) -> PathChart | None:
    """The path up to the week's end; its table has each month at its end, the running one at the last day counted."""
    months = months_of(so_far.quarter)
    ends = [
        so_far.last_day if month.start <= so_far.last_day < month.end else month.end - timedelta(days=1)
        for month in months
    ]
    even_only = [replace(day, weekly=None) for day in so_far.days]  # at a week's end the two paths say the same
    chart = drawn(source, so_far.quarter, even_only, _rows(so_far, months, ends))
    return chart and replace(
        chart,
        under=tuple(f"{end:%m-%d}" for end in ends),
        alt=(
            f"Running total to {count(so_far.total)} on {so_far.last_day}. The table below holds it and the path on "
            "that day and at each month's end."
        ),
        wide=True,
        height=HIGH_MM,
    )


def _rows(so_far: QuarterSoFar, months: list[Period], ends: list[date]) -> tuple[DataRow, ...]:
    by_day = {day.day: day for day in so_far.days}

    def texts(column: str, days: list[date]) -> tuple[str, ...]:
        values = [getattr(by_day[day], column) for day in days]
        return tuple(MISSING if value is None else count(value) for value in values)

    rows = [DataRow("To date", texts("cumulative", ends), "strong")]
    if any(day.even is not None for day in so_far.days):
        gaps = [
            None if at.cumulative is None or at.even is None else at.cumulative - at.even
            for at in (by_day[end] for end in ends)
        ]
        rows.append(DataRow("Even path", texts("even", ends)))
        rows.append(DataRow("Δ even path", tuple(MISSING if gap is None else number(gap, signed=True) for gap in gaps)))
    last_days = [month.end - timedelta(days=1) for month in months]
    if any(day.forecast is not None for day in so_far.days):
        is_to_come = [day > so_far.last_day for day in last_days]
        expected = texts("forecast", last_days)
        rows.append(
            DataRow(
                "Forecast, month's end",
                tuple(text if coming else "" for text, coming in zip(expected, is_to_come, strict=True)),
            )
        )
    return tuple(rows)
