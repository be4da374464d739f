"""The way of a quarter's messages to their target: day by day against the even and the weekly path.

What belongs here: the chart over `message_paths` and where the quarter stands on it; a week's view of it is drawn here
too, and told by `pipeline.figures.weekly.quarter_so_far`. The paths themselves are the work of
`pipeline.analyses.message_paths`; weeks are `message_weeks.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.figures.chart_shapes import PathChart, PathLine
from pipeline.figures.forecast import running_forecast
from pipeline.figures.model import DataRow, Guide
from pipeline.figures.numbers import MISSING, count, number
from pipeline.figures.published import Published
from pipeline.periods import Period, containing


@dataclass(frozen=True)
class PathDay:
    """The end of a day: messages to date (None where the day has not come), and what the paths ask for by then."""

    day: date
    cumulative: float | None
    even: float | None
    weekly: float | None
    forecast: float | None


def path_days(source: Published, quarter: Period | None = None) -> list[PathDay]:
    """Every day of the quarter, the report's own by default; none where no path is published."""
    if not source.has("message_paths"):
        return []
    rows = source.rows(
        """select day, cumulative, even_pace, weekly_pace, forecast from message_paths where period_id = $id
        order by day""",
        id=(quarter or source.period).id,
    )
    return [PathDay(*row) for row in rows]


def path_chart(source: Published) -> PathChart | None:
    """The quarter's running total; None where no path is published, or there is nothing yet to draw."""
    days = path_days(source)
    return drawn(source, source.period, days, _rows(days, months_of(source.period)))


def drawn(source: Published, quarter: Period, days: list[PathDay], rows: tuple[DataRow, ...]) -> PathChart | None:
    """The running total of these days beside the paths, above a table of `rows`, which have a column a month."""
    seen = [day for day in days if day.cumulative is not None]
    if not seen:
        return None
    months = months_of(quarter)
    lines = [_line("messages", "actual", days, months)]
    forecast = running_forecast(source, quarter) if len(seen) < len(days) else None
    if forecast:
        lines.append(_line("forecast", "forecast", days, months))
    lines += [_line("even path", "even", days, months), _line("weekly path", "weekly", days, months)]
    lines = [line for line in lines if line.points]
    target = source.target_of("message_count", quarter.id)
    end = (forecast.low, forecast.high) if forecast and forecast.low is not None and forecast.high is not None else None
    highest = max(y for line in lines for _, y in line.points)
    return PathChart(
        title=f"Messages in {quarter.label}, cumulative",
        alt=(
            f"Running total to {count(seen[-1].cumulative or 0)} on {seen[-1].day}. The table below holds each month's "
            "end."
        ),
        corner=str(quarter.start.year),
        labels=tuple(f"{month.start:%b}" for month in months),
        under=("",) * len(months),
        lines=tuple(lines),
        rows=rows,
        high=max(highest, target or 0.0, end[1] if end else 0.0) * 1.04,
        target=None if target is None else Guide(target, f"target {count(target)}", "target"),
        end=end,
        height=21.0,
    )


def months_of(quarter: Period) -> list[Period]:
    months = [containing(quarter.start, "month", quarter.fiscal_year_start_month)]
    while months[-1].end < quarter.end:
        months.append(months[-1].next)
    return months


def _line(name: str, kind: str, days: list[PathDay], months: list[Period]) -> PathLine:
    """One of the lines, from nought (a forecast from the total to date), at the place of each day's end."""
    column = {"actual": "cumulative"}.get(kind, kind)
    points = [(_place(day.day, months), float(value)) for day in days if (value := getattr(day, column)) is not None]
    if points and kind != "forecast":
        points.insert(0, (0.0, 0.0))
    return PathLine(name, kind, tuple(points))  # type: ignore[arg-type]


def _place(day: date, months: list[Period]) -> float:
    """A day's end in months since the quarter began."""
    index = next(at for at, month in enumerate(months) if day < month.end)
    return round(index + ((day - months[index].start).days + 1) / months[index].days, 4)


def _rows(days: list[PathDay], months: list[Period]) -> tuple[DataRow, ...]:
    by_day = {day.day: day for day in days}
    ends = [by_day.get(month.end - timedelta(days=1)) for month in months]

    def texts(column: str) -> tuple[str, ...]:
        values = [getattr(end, column) if end else None for end in ends]
        return tuple(MISSING if value is None else count(value) for value in values)

    gaps = tuple(
        MISSING if end is None or end.cumulative is None or end.weekly is None
        else number(end.cumulative - end.weekly, signed=True)
        for end in ends
    )  # fmt: skip
    rows = [DataRow("At month's end", texts("cumulative"), "strong")]
    if any(end and end.forecast is not None for end in ends):
        rows.append(DataRow("Forecast", texts("forecast")))
    if any(end and end.even is not None for end in ends):
        rows += [
            DataRow("Even path", texts("even")),
            DataRow("Weekly path", texts("weekly")),
            DataRow("Δ weekly path", gaps),
        ]
    return tuple(rows)
