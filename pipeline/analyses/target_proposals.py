"""What the office could set itself for the next quarter, and what its targets can expect of it, with the evidence.

What belongs here: which months of which metric a proposal rests on, and its row. The formulas are
`pipeline.statistics.targets` and `process_limits`; the file that a person signs is written by `pipeline.proposing`.
Nothing here sets a target: only a signed row in `config/targets.csv` does.

Every edition, month or quarter, proposes for the quarter after its own; that of a quarter that is over is final. A row
is in the unit and for the period of its target: where that is a quarter's sum, baseline, limits and improvements are
three times a month's. `basis` says where the baseline comes from:

* pooled_cases: a share; the cases of three months together, Wilson's limits, and the change that so many cases show;
* pooled_ratio: a mean, score or rate; the three months weighted by their cases;
* mean_of_months, sum_of_months: a count, sum or median, by the month, or by the quarter where the target is.

The last three have their limits and detectable change from the month-to-month variation. `reason` says why nothing is
proposed: no_months (not computed by the month), not_a_level (a growth or slope is a change already), too_short, too_few
(fewer than 30 cases), too_noisy (less is better, and what would show is more than there is), not_additive (the target
is a quarter's, which its months do not add up to), or the metric's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline import periods
from pipeline.catalogue import Metric, load_catalogue
from pipeline.model import Model
from pipeline.statistics.baselines import Figure, baseline_of
from pipeline.statistics.process_limits import Limits, assurance, process_limits
from pipeline.statistics.targets import MONTHS, best_improvement, propose
from pipeline.targets import DEFAULT_AMBER, Target, in_force, load_targets

CAPABILITY_MONTHS = 12
#: From so many cases a share is shown in full (METRICS.md 0.7); a target from fewer would be guesswork.
FEWEST_CASES = 30
#: A month's share from fewer cases is not published, and no part of a process.
SMALLEST_MONTH = 10
COUNTED = frozenset({"count", "cents"})
NO_LEVEL = frozenset({"stars per month", "ρ"})


@dataclass(frozen=True)
class Edition:
    """The month or quarter in whose report the proposal stands, `[start, end)`."""

    period_id: str
    period_type: str
    start: date
    end: date
    is_complete: bool


@dataclass(frozen=True)
class Record:
    """What is known of an office: the months and quarters that are wholly on record, each metric's figures for the
    marketplace as a whole by (metric, period), and its targets."""

    months: Sequence[Edition]
    quarters: Sequence[Edition]
    figures: Mapping[tuple[str, str], Figure]
    targets: Sequence[Target]
    fiscal_year_start_month: int


def edition_rows(edition: Edition, record: Record) -> list[dict[str, Any]]:
    """One row for each metric of which more or less is better."""
    quarter = periods.containing(edition.start, "quarter", record.fiscal_year_start_month)
    months = [month.period_id for month in record.months if month.end <= edition.end][-CAPABILITY_MONTHS:]
    rows = []
    for metric in load_catalogue():
        if metric.better and "all" in metric.scopes:
            series = [_shown(metric, record.figures.get((metric.metric, month))) for month in months]
            is_counted = _is_counted(metric, series)
            kinds = ("quarter", "month") if is_counted else ("quarter", "all", "month")
            policy = in_force(record.targets, metric.metric, kinds, edition.start)
            row = {
                "period_id": edition.period_id,
                "metric": metric.metric,
                "for_period": quarter.next.id,
                "is_final": edition.period_type == "quarter" and edition.is_complete,
                "better": metric.better,
                "period_type": policy.period_type if policy else _usual_period(metric, is_counted),
                "policy_target": float(policy.value) if policy else None,
                "policy_version": policy.version if policy else None,
                "floor": _floor(policy),
            }
            months_added = MONTHS if is_counted and policy and policy.period_type == "quarter" else 1
            if months_added > 1 and not _adds_up(metric, edition, record):
                row |= {"assurance": "not_comparable", "reason": "not_additive"}
            else:
                row |= _proposal(metric, months, series, policy, is_counted=is_counted, months_added=months_added)
            rows.append(row)
    return rows


def _shown(metric: Metric, figure: Figure | None) -> Figure | None:
    """The figure, unless its cases are so few that it would not be published: chance makes no process."""
    if figure is None or figure.denominator is None or metric.unit not in ("share", "points"):
        return figure
    return figure if figure.denominator >= SMALLEST_MONTH else None


def _is_counted(metric: Metric, series: Sequence[Figure | None]) -> bool:
    """Whether the metric is a count or a sum, as its newest figure is: a whole number without a denominator."""
    newest = next((figure for figure in reversed(series) if figure and figure.value is not None), None)
    if newest is None or metric.unit not in COUNTED:
        return False
    return newest.numerator is not None and newest.denominator is None


def _usual_period(metric: Metric, is_counted: bool) -> str:
    """The kind of period that a metric's first target is for. A count grows with its period, and distinct people do not
    add up to a quarter's, so a count's is for each month."""
    if "month" not in metric.periods:
        return "quarter"
    return "month" if is_counted else "all"


def _adds_up(metric: Metric, edition: Edition, record: Record) -> bool:
    """Whether the newest quarter on record is the sum of its months; true when there is none to tell by."""
    for quarter in reversed([quarter for quarter in record.quarters if quarter.end <= edition.end]):
        months = [month.period_id for month in record.months if quarter.start <= month.start < quarter.end]
        whole, *parts = (record.figures.get((metric.metric, period)) for period in (quarter.period_id, *months))
        values = [part.value for part in parts if part and part.value is not None]
        if whole and whole.value is not None and len(values) == MONTHS:
            return math.isclose(math.fsum(values), whole.value, rel_tol=1e-9)
    return True


def _proposal(
    metric: Metric, months: Sequence[str], series: Sequence[Figure | None], policy: Target | None,
    *, is_counted: bool, months_added: int,
) -> dict[str, Any]:  # fmt: skip
    """The verdict on the policy and, where the metric allows one, the proposal with its evidence. `series` are the
    figures of `months`; `months_added` is 3 where the target is a quarter's sum, otherwise 1."""
    values = [figure.value if figure else None for figure in series]
    limits = process_limits(values)
    known = [month for month, value in zip(months, values, strict=True) if value is not None]
    row: dict[str, Any] = {
        "months": len(known),
        "assurance": _verdict(metric, limits, policy, months_added),
    }
    if limits:
        shown = _scaled(limits.within(metric.unit), months_added)
        row |= {"limit_mean": shown.mean, "limit_low": shown.low, "limit_high": shown.high}
    newest = [figure for figure in series if figure and figure.value is not None][-MONTHS:]
    reason = _why_not(metric, series, newest)
    if reason:
        return row | {"reason": reason}
    baseline = baseline_of(newest, metric.interval, limits, is_counted=is_counted, months_added=months_added)
    if baseline is None:
        return row | {"reason": "too_short"}
    if baseline.basis != "pooled_cases" and metric.better == "down" and 0 < baseline.value <= baseline.change:
        return row | {"reason": "too_noisy"}
    improvement = best_improvement(values, metric.better)
    made = propose(
        baseline.value,
        baseline.change,
        metric.better,
        metric.unit,
        policy=float(policy.value) if policy else None,
        floor=_floor(policy),
        limits=_scaled(limits, months_added) if limits else None,
        improvement=None if improvement is None else months_added * improvement,
    )
    there = [
        value for value in values if value is not None and _reaches(months_added * value, made.committed, metric.better)
    ]
    return row | {
        "first_month": known[-MONTHS],
        "last_month": known[-1],
        "basis": baseline.basis,
        "numerator": baseline.numerator,
        "denominator": baseline.denominator,
        "baseline": baseline.value,
        "low": baseline.low,
        "high": baseline.high,
        "detectable_change": baseline.change,
        "best_improvement": None if improvement is None else months_added * improvement,
        "committed": made.committed,
        "stretch": made.stretch,
        "months_at_proposal": len(there),
        "share_at_proposal": len(there) / len(known),
    }


def _why_not(metric: Metric, series: Sequence[Figure | None], newest: Sequence[Figure]) -> str | None:
    if "month" not in metric.periods:
        return "no_months"
    if metric.interval == "growth" or metric.unit in NO_LEVEL:
        return "not_a_level"
    if not newest and series and series[-1] and series[-1].reason:
        return series[-1].reason
    if len(newest) < MONTHS:
        return "too_short"
    if metric.interval in ("wilson", "nps") and sum(figure.denominator or 0 for figure in newest) < FEWEST_CASES:
        return "too_few"
    return None


def _verdict(metric: Metric, limits: Limits | None, policy: Target | None, months_added: int) -> str:
    """The office's target against the limits of the last twelve months (METRICS.md A30, B28)."""
    if policy is None:
        return "no_target"
    if "month" not in metric.periods:
        return "not_comparable"
    if limits is None:
        return "too_short"
    verdict = assurance(limits, float(policy.value) / months_added, metric.better)
    return verdict if verdict == "hit_and_miss" else f"consistently_{verdict}"


def _floor(policy: Target | None) -> float | None:
    """The amber line that the office wrote beside its target; the one that follows from the target binds nobody."""
    if policy is None or policy.amber == policy.value * (
        DEFAULT_AMBER if policy.direction == "up" else 2 - DEFAULT_AMBER
    ):
        return None
    return float(policy.amber)


def _scaled(limits: Limits, factor: int) -> Limits:
    return Limits(factor * limits.mean, factor * limits.low, factor * limits.high, factor * limits.usual_change)


def _reaches(value: float, target: float, better: str) -> bool:
    return value >= target if better == "up" else value <= target


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The proposals of the planned months and quarters. Raises BadConfiguration for a bad `targets.csv`."""
    first_day, as_of_day, start_month = con.execute(
        "select first_day, as_of_day, fiscal_year_start_month from plan.run"
    ).fetchall()[0]
    months, quarters = (
        [
            Edition(period.id, period.type, period.start, period.end, True)
            for period in periods.between(first_day, as_of_day, period_type, start_month)
            if first_day <= period.start and period.end <= as_of_day
        ]
        for period_type in ("month", "quarter")
    )
    known = [period.period_id for period in (*months, *quarters)]
    record = Record(months, quarters, _figures(con, known), load_targets(config / "targets.csv"), start_month)
    rows = [row for edition in _editions(con) for row in edition_rows(edition, record)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _editions(con: duckdb.DuckDBPyConnection) -> list[Edition]:
    rows = con.execute(
        "select period_id, period_type, period_start, period_end, is_complete from plan.periods "
        "where period_type in ('month', 'quarter') order by period_start, period_type"
    ).fetchall()
    return [Edition(*row) for row in rows]


def _figures(con: duckdb.DuckDBPyConnection, period_ids: list[str]) -> dict[tuple[str, str], Figure]:
    """Every metric's value in these periods, for the marketplace as a whole."""
    union = " union all ".join(
        f"select metric, period_id, value, numerator, denominator, reason from {table} where scope = 'all'"
        for table in FAMILIES
    )
    rows = con.execute(f"from ({union}) where list_contains(?, period_id)", [period_ids]).fetchall()
    return {(metric, period_id): Figure(*rest) for metric, period_id, *rest in rows}


FAMILIES = tuple(sorted({f"metrics.{metric.family}" for metric in load_catalogue()}))
MODEL = Model(
    schema="metrics",
    name="target_proposals",
    description="What the office could set itself for the next quarter, and what each target can expect of it.",
    grain=("period_id", "metric"),
    reads=frozenset({*FAMILIES, "plan.run", "plan.periods"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns="period_id varchar, metric varchar, for_period varchar, is_final boolean, better varchar, "
    "period_type varchar, basis varchar, first_month varchar, last_month varchar, months integer, numerator bigint, "
    "denominator bigint, baseline double, low double, high double, limit_mean double, limit_low double, "
    "limit_high double, policy_target double, policy_version integer, assurance varchar, detectable_change double, "
    "best_improvement double, floor double, committed double, stretch double, months_at_proposal integer, "
    "share_at_proposal double, reason varchar",
    compute=compute,
)
