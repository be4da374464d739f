"""Targets, and what a figure is worth against them: the colour and the evidence flag (METRICS.md 0.9, 0.12).

What belongs here: reading `config/targets.csv` into `ref.targets`, and the judgement as one SQL expression each, exact
on whole numbers. Suppression and the published table are `pipeline.publishing`'s.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from pipeline import catalogue
from pipeline.errors import BadConfiguration
from pipeline.periods import PERIOD_TYPES

COLUMNS = ("metric", "period_type", "value", "amber", "direction", "version", "effective_from", "owner", "source")
DEFAULT_AMBER = Decimal("0.90")
#: What the process limits of past months say of a target, in words.
ASSURANCE = {
    "consistently_pass": "always met",
    "consistently_fail": "never met",
    "hit_and_miss": "sometimes met",
    "no_target": "no target set",
    "too_short": "too few months",
    "not_comparable": "not by months",
}


@dataclass(frozen=True)
class Target:
    """What the office has set itself. `amber` is the value up to which a miss is amber; `direction` up: more is
    better."""

    metric: str
    period_type: str
    value: Decimal
    amber: Decimal
    direction: str
    version: int
    effective_from: date
    owner: str
    source: str


def load_targets(path: Path) -> tuple[Target, ...]:
    """Read `targets.csv`. Raises BadConfiguration that names file, line, column, value and rule."""
    known = {metric.metric for metric in catalogue.load_catalogue()}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadConfiguration(f"{path.name}, line 1: the header must read {','.join(COLUMNS)}")
        return tuple(_target(row, f"{path.name}, line {reader.line_num}", known) for row in reader)


def _target(row: dict[str, str], where: str, known: set[str]) -> Target:
    if row["metric"] not in known:
        raise BadConfiguration(f"{where}: metric {row['metric']!r} is not in the catalogue")
    if row["period_type"] not in ("all", *PERIOD_TYPES):
        raise BadConfiguration(
            f"{where}: period_type {row['period_type']!r} is not one of all, {', '.join(PERIOD_TYPES)}"
        )
    if row["direction"] not in ("up", "down"):
        raise BadConfiguration(f"{where}: direction {row['direction']!r} is neither up nor down")
    value = _decimal(row["value"], "value", where)
    factor = DEFAULT_AMBER if row["direction"] == "up" else 2 - DEFAULT_AMBER
    amber = _decimal(row["amber"], "amber", where) if row["amber"] else value * factor
    try:
        return Target(
            row["metric"],
            row["period_type"],
            value,
            amber,
            row["direction"],
            int(row["version"]),
            date.fromisoformat(row["effective_from"]),
            row["owner"],
            row["source"],
        )
    except ValueError as error:
        raise BadConfiguration(f"{where}: version must be a whole number and effective_from a day: {error}") from None


def _decimal(text: str, column: str, where: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadConfiguration(f"{where}: {column} {text!r} is not a number; write 0.95 or 100000")
    return number


def in_force(targets: Iterable[Target], metric: str, period_types: Sequence[str], day: date) -> Target | None:
    """The metric's newest target in force on that day, for the first of these period types that has one."""
    for period_type in period_types:
        found = [t for t in targets if (t.metric, t.period_type) == (metric, period_type) and t.effective_from <= day]
        if found:
            return max(found, key=lambda target: (target.effective_from, target.version))
    return None


def write_targets(con: duckdb.DuckDBPyConnection, targets: tuple[Target, ...]) -> None:
    """Replace `ref.targets`."""
    con.execute(
        "create or replace table ref.targets (metric varchar, period_type varchar, value decimal(18, 6), "
        "amber decimal(18, 6), direction varchar, version integer, effective_from date, owner varchar, source varchar)"
    )
    for t in targets:
        con.execute(
            "insert into ref.targets values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [t.metric, t.period_type, t.value, t.amber, t.direction, t.version, t.effective_from, t.owner, t.source],
        )


#: Columns of the published table, over a row `m` of the metrics and its target `t`. Ratios are held against the target
#: as whole numbers (numerator against target times denominator): a rate of 94.96 % misses 95 %, however it is printed.
_ACHIEVED = """
    case
        when m.numerator is not null and m.denominator is not null and m.is_ratio
            then m.numerator::decimal(38, 6) - t.{bound} * m.denominator
        else (m.value - t.{bound}::double)::decimal(38, 9)
    end * case t.direction when 'up' then 1 else -1 end
"""
RAG = f"""
case
    when t.value is null or m.value is null then null
    when {_ACHIEVED.format(bound="value")} >= 0 then 'green'
    when {_ACHIEVED.format(bound="amber")} >= 0 then 'amber'
    else 'red'
end
"""
EVIDENCE = f"""
case
    when t.value is null or m.value is null or m.low is null or m.high is null then null
    when {_ACHIEVED.format(bound="value")} >= 0
        then case
            when t.direction = 'up' and m.low >= t.value::double or t.direction = 'down' and m.high <= t.value::double
                then 'met-certain'
            else 'met-uncertain'
        end
    when t.direction = 'up' and m.high < t.value::double or t.direction = 'down' and m.low > t.value::double
        then 'missed-certain'
    else 'missed-uncertain'
end
"""
