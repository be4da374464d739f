"""The way to a quarter's target, day by day: what was counted, and where an even and a weekly pace would stand.

What belongs here: cumulative lines over the days of a quarter (METRICS.md A19). The forecast at each cut, with its
limits and probability, is `pipeline.analyses.message_forecasts`'.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from pipeline.analyses.message_forecasts import (
    History,
    Quarter,
    days,
    forecast_row,
    planned_quarters,
    read_history,
    with_targets,
)
from pipeline.model import Model
from pipeline.statistics.intervals import Floats


def path_of(history: History, quarter: Quarter, target: float | None) -> pl.DataFrame:
    """One row for each day of the quarter; every line says where it stands at the day's end.

    The weekly pace shares the target out by the weekday profile that is known now. The forecast's line begins at the
    last day seen and ends at the forecast. A line that cannot be drawn is null.
    """
    cut = history.end_of_sight(quarter)
    all_days = days(quarter.start, quarter.end)
    seen = max(0, (cut - quarter.start).days)
    counts = history.counted(quarter.start, quarter.end).astype(np.float64)
    cumulative = np.cumsum(counts)
    counts[seen:] = np.nan
    cumulative[seen:] = np.nan
    nowhere = np.full(len(all_days), np.nan)
    profile = history.profile(cut)
    expected = None if profile is None else np.cumsum(history.expected(profile, quarter.start, quarter.end))
    return pl.DataFrame(
        {
            "period_id": [quarter.period_id] * len(all_days),
            "day": all_days,
            "counted": counts,
            "cumulative": cumulative,
            "even_pace": nowhere if target is None else target * np.arange(1, len(all_days) + 1) / len(all_days),
            "weekly_pace": nowhere if target is None or expected is None else target * expected / expected[-1],
            "forecast": nowhere if expected is None else _to_come(history, quarter, expected, seen),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _to_come(history: History, quarter: Quarter, expected: Floats, seen: int) -> Floats:
    """From what is counted to the forecast, in step with the profile; not drawn where there is no forecast."""
    line = np.full(expected.size, np.nan)
    row = forecast_row(history, quarter, history.end_of_sight(quarter), None)
    if seen and row["days_left"] and row.get("forecast") is not None:
        left = expected[-1] - expected[seen - 1]
        line[seen - 1 :] = row["observed"] + (row["forecast"] - row["observed"]) * (
            (expected[seen - 1 :] - expected[seen - 1]) / left
        )
    return line


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The days of the planned quarters. Raises BadConfiguration for a bad `calendar.csv` or `targets.csv`."""
    history = read_history(con, config)
    if history is None:
        return pl.DataFrame()
    parts = [path_of(history, quarter, target) for quarter, target in with_targets(planned_quarters(con), config)]
    return pl.concat(parts) if parts else pl.DataFrame()


MODEL = Model(
    schema="metrics",
    name="message_paths",
    description="A quarter's messages day by day, beside the even and the weekly pace that would reach the target.",
    grain=("period_id", "day"),
    reads=frozenset({"core.message_hours", "plan.run", "plan.periods"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns="period_id varchar, day date, counted bigint, cumulative bigint, even_pace double, weekly_pace double, "
    "forecast double",
    compute=compute,
)
