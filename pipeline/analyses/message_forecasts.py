"""What a quarter's messages will come to, as it could be known at each week's and month's end inside it.

What belongs here: which days had been seen at each cut, and the row that follows. The formulas are
`pipeline.statistics.forecasting`; the catalogue's ids are taken from these rows by `sql/metrics/message_forecast.sql`.
A past quarter's rows are the back-test: what was said then, and what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline import periods
from pipeline.model import Model
from pipeline.special_days import load_special_days
from pipeline.statistics.forecasting import FEWEST_DAYS, PROFILE_WEEKS, WEEK, forecast_total, weekday_profile
from pipeline.statistics.intervals import Floats
from pipeline.targets import in_force, load_targets

#: In-flight colour by the probability of the target (METRICS.md A31): green from the first, amber from the second.
LIKELY, POSSIBLE = 0.8, 0.2
AS_OF = "as_of"


@dataclass(frozen=True)
class Quarter:
    """A planned quarter, `[start, end)`."""

    period_id: str
    start: date
    end: date
    is_complete: bool


@dataclass(frozen=True)
class History:
    """Counted messages of every whole day from the first message on. `reach` is the first day not yet seen whole."""

    first_day: date
    reach: date
    counts: NDArray[np.int64]
    special_days: Mapping[date, float]
    fiscal_year_start_month: int

    def counted(self, start: date, end: date) -> NDArray[np.int64]:
        """The counts of `[start, end)`; 0 for a day without messages."""
        places = np.arange((start - self.first_day).days, (end - self.first_day).days)
        is_known = (places >= 0) & (places < self.counts.size)
        found = np.zeros(places.size, dtype=np.int64)
        found[is_known] = self.counts[places[is_known]]
        return found

    def multipliers(self, start: date, end: date) -> Floats:
        """How much busier than usual each day of `[start, end)` was bound to be."""
        return np.array([self.special_days.get(day, 1.0) for day in days(start, end)])

    def weeks_before(self, cut: date) -> int:
        """How many whole weeks, Monday to Sunday, had been seen at the cut."""
        first_monday = self.first_day + timedelta(days=-self.first_day.weekday() % WEEK)
        return (cut - first_monday).days // WEEK

    def profile(self, cut: date) -> Floats | None:
        """The weekday profile of the last eight weeks that were over at the cut; None when there were not so many, or
        when nothing was counted in them."""
        if self.weeks_before(cut) < PROFILE_WEEKS:
            return None
        end = cut - timedelta(days=cut.weekday())
        start = end - timedelta(weeks=PROFILE_WEEKS)
        shape = (PROFILE_WEEKS, WEEK)
        return weekday_profile(self.counted(start, end).reshape(shape), self.multipliers(start, end).reshape(shape))

    def expected(self, profile: Floats, start: date, end: date) -> Floats:
        """The profile of every day of `[start, end)`, special days included."""
        return np.array([profile[day.weekday()] for day in days(start, end)]) * self.multipliers(start, end)

    def end_of_sight(self, quarter: Quarter) -> date:
        """The first day of the quarter that is not known: its end when it is over."""
        return quarter.end if quarter.is_complete else min(quarter.end, self.reach)


def days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=place) for place in range((end - start).days)]


def read_history(con: duckdb.DuckDBPyConnection, config: Path) -> History | None:
    """The daily counts up to as_of; None when no message ever came. Raises BadConfiguration for a bad `calendar.csv`.

    Where messages are delivered later than other exports, the days after the last message are not known to be quiet:
    they have not been seen.
    """
    as_of_day, month = con.execute("select as_of_day, fiscal_year_start_month from plan.run").fetchall()[0]
    rows = con.execute(
        "select day, sum(counted)::bigint from core.message_hours where day < ? group by day order by day", [as_of_day]
    ).fetchall()
    if not rows:
        return None
    first, last = rows[0][0], rows[-1][0]
    counts = np.zeros((last - first).days + 1, dtype=np.int64)
    for day, counted in rows:
        counts[(day - first).days] = counted
    return History(first, last + timedelta(days=1), counts, load_special_days(config / "calendar.csv"), month)


def planned_quarters(con: duckdb.DuckDBPyConnection) -> list[Quarter]:
    rows = con.execute(
        "select period_id, period_start, period_end, is_complete from plan.periods "
        "where period_type = 'quarter' order by period_start"
    ).fetchall()
    return [Quarter(*row) for row in rows]


def with_targets(quarters: Iterable[Quarter], config: Path) -> Iterator[tuple[Quarter, float | None]]:
    """Each quarter with its target of counted messages, None when the office has set none."""
    targets = load_targets(config / "targets.csv")
    for quarter in quarters:
        target = in_force(targets, "message_count", ("quarter", "all"), quarter.start)
        yield quarter, float(target.value) if target else None


def cuts(history: History, quarter: Quarter) -> Iterator[tuple[str, date]]:
    """From where the quarter was looked at: each week and month that ended in it, and as_of, each with the first day
    that was not known then."""
    end = history.end_of_sight(quarter)
    if end <= quarter.start:
        return
    for period_type in ("week", "month"):
        for period in periods.between(quarter.start, end, period_type, history.fiscal_year_start_month):
            if period.end <= end:
                yield period.id, period.end
    yield AS_OF, end


def forecast_row(history: History, quarter: Quarter, cut: date, target: float | None) -> dict[str, Any]:
    """Everything that could be said of the quarter when the days before `cut` were known."""
    start = max(quarter.start, min(history.first_day, cut))
    counts = history.counted(start, cut)
    observed, left = int(counts.sum()), (quarter.end - cut).days
    row: dict[str, Any] = {
        "period_id": quarter.period_id,
        "cut_day": cut - timedelta(days=1),
        "days_observed": counts.size,
        "days_left": left,
        "observed": observed,
        "target": target,
        "actual": int(history.counted(quarter.start, quarter.end).sum()) if quarter.is_complete else None,
    }
    if counts.size:
        row["naive"] = observed + observed / counts.size * left
    if target is not None and left:
        row["required_per_day"] = max(0.0, target - observed) / left
    if left == 0:
        return row | _known(observed, target)
    if counts.size < FEWEST_DAYS:
        return row | {"reason": "too_early"}
    if history.weeks_before(cut) < PROFILE_WEEKS:
        return row | {"reason": "too_short"}
    profile = history.profile(cut)
    if profile is None or observed == 0:
        return row | {"reason": "no_data"}
    return row | _forecast(history, quarter, start, cut, profile, target, row["actual"])


def _forecast(
    history: History,
    quarter: Quarter,
    start: date,
    cut: date,
    profile: Floats,
    target: float | None,
    actual: int | None,
) -> dict[str, Any]:
    seen = history.expected(profile, start, cut)
    to_come = history.expected(profile, cut, quarter.end)
    # Each cut draws from a stream of its own, so that its numbers do not depend on what else is computed.
    made = forecast_total(history.counted(start, cut), seen, to_come, (quarter.start.toordinal(), cut.toordinal()))
    (low_80, high_80), (low_95, high_95) = made.interval(0.80), made.interval(0.95)
    probability = None if target is None else made.probability(target)
    return {
        "forecast": made.forecast,
        "sd": made.sd,
        "low_80": low_80,
        "high_80": high_80,
        "low_95": low_95,
        "high_95": high_95,
        "dispersion": made.dispersion,
        "method": made.method,
        "probability": probability,
        "rag": _colour(probability),
        "is_inside_80": None if actual is None else low_80 <= actual <= high_80,
        "is_inside_95": None if actual is None else low_95 <= actual <= high_95,
    }


def _known(observed: int, target: float | None) -> dict[str, Any]:
    """Nothing is left to forecast: the total is what was counted, and the target is reached or not."""
    probability = None if target is None else float(observed >= target)
    limits = dict.fromkeys(("forecast", "low_80", "high_80", "low_95", "high_95"), float(observed))
    return {**limits, "sd": 0.0, "method": "observed", "probability": probability, "rag": _colour(probability)}


def _colour(probability: float | None) -> str | None:
    if probability is None:
        return None
    return "green" if probability >= LIKELY else "amber" if probability >= POSSIBLE else "red"


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The rows of the planned quarters. Raises BadConfiguration for a bad `calendar.csv` or `targets.csv`."""
    history = read_history(con, config)
    if history is None:
        return pl.DataFrame()
    rows = []
    for quarter, target in with_targets(planned_quarters(con), config):
        for seen_from, cut in cuts(history, quarter):
            rows.append({"seen_from": seen_from, **forecast_row(history, quarter, cut, target)})
    return pl.DataFrame(rows, infer_schema_length=None)


MODEL = Model(
    schema="metrics",
    name="message_forecasts",
    description="Each quarter's messages as forecast at every week's and month's end inside it, and what became of it.",
    grain=("period_id", "seen_from"),
    reads=frozenset({"core.message_hours", "plan.run", "plan.periods"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns="period_id varchar, seen_from varchar, cut_day date, days_observed integer, days_left integer, "
    "observed bigint, naive double, forecast double, sd double, low_80 double, high_80 double, low_95 double, "
    "high_95 double, dispersion double, method varchar, target double, probability double, rag varchar, "
    "required_per_day double, actual bigint, is_inside_80 boolean, is_inside_95 boolean, reason varchar",
    compute=compute,
)
