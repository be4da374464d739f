"""Customer lifetime value: what was earned, what the model expects, and whether its checks allow it to be printed.

What belongs here: the sentence, the tables and the chart of lifetime value. The model, its guards and its hold-out are
`pipeline.analyses.clv*` and `sql/metrics/clv_checks.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pipeline.figures.chart_shapes import Block, ColumnGroups
from pipeline.figures.measures import Footnotes, change_cell, interval_text, value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, DataRow, Row, Sentence, Table
from pipeline.figures.noise import move_of
from pipeline.figures.numbers import THIN, count, goal, number, scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import REASONS, period_name, scale_for

#: The rows of the values.
MEASURES = {
    "clv_historic_mean": "Mean to date",
    "clv_historic_median": "Median to date",
    "clv_historic_p90": "90th percentile",
    "clv_simple_12m": "Past 12 months",
    "clv_12m_mean": "Next 12 months",
    "clv_top_decile_share": "Top tenth's share",
}
MONTHS = 12
MOST_FREQUENT = 7  # customers who came back this often or more stand together; pipeline.analyses.clv_calibration
FEWEST_CUSTOMERS = 10  # a smaller group is not told of by itself
FINE_BELOW = 20  # forecast order days of a group: below, a decimal tells more than it feigns
HOLDOUT_WEEKS = 13  # pipeline.analyses.clv_calibration
SHARE = scale_of("share", "")
#: A check's name in the table, and in a sentence.
CHECKS = {
    "repeat_buyers": ("Came back", "the number of customers who came back"),
    "purchase_fit_converged": ("Orders fitted", "the model of orders"),
    "value_fit_converged": ("Values fitted", "the model of values"),
    "value_frequency_correlation": ("Correlation", "the correlation of value and frequency"),
    "value_q": ("Shape of values", "the shape of values, q,"),
    "holdout_error": ("Test-week error", "the error over the test weeks"),
}


@dataclass(frozen=True)
class Check:
    """A guard of the model; `value` and `is_passed` are None where it could not be made."""

    name: str
    value: float | None
    rule: str
    threshold: float
    is_passed: bool | None


def checks_of(source: Published) -> dict[str, Check]:
    """The quarter's guards that have a rule, in the order of `CHECKS`."""
    if not source.has("clv_checks"):
        return {}
    rows = source.rows(
        "select check_name, value, rule, threshold, is_passed from clv_checks"
        " where period_id = $period and rule is not null",
        period=source.period.id,
    )
    found = {row[0]: Check(*row) for row in rows}
    return {name: found[name] for name in CHECKS if name in found}


def model_sentence(source: Published) -> Sentence | None:
    """The value that the model expects, or why none is printed; None when there is no model of this quarter."""
    value, checks = source.at("clv_12m_mean"), checks_of(source)
    if value is None or value.reason == "not_measured" or not checks:
        return None
    if value.value is None:
        failed = next((check for check in reversed(checks.values()) if check.is_passed is False), None)
        failed = failed or next((check for check in checks.values() if not check.is_passed), None)
        return (
            None
            if failed is None
            else Sentence(f"{_spent(source)}: {_failure(failed)}.", "spent to date; model failed")
        )
    return Sentence(_expected(source, value, checks), "model valid")


def _spent(source: Published) -> str:
    """What customers have brought on average, and that no forecast is given."""
    value = source.at("clv_historic_mean")
    if value is None or value.value is None:
        return "No 12-month forecast is given"
    spent = with_unit(value.value, scale_for(source, "clv_historic_mean"), digits=0)
    return f"Customers have spent {spent} on average; no 12-month forecast is given"


def _failure(check: Check) -> str:
    """The failing check in words, with its number and what was asked for."""
    spoken = CHECKS[check.name][1]
    if check.value is None:
        return f"{spoken} could not be found, the record being too short"
    if check.name == "holdout_error":
        way = "over" if check.value > 0 else "under"
        return (
            f"the model {way}-predicted orders by {_percent(abs(check.value))} (limit {goal(check.threshold, SHARE)})"
        )
    if check.name == "repeat_buyers":
        return f"{count(check.value)} customers have come back, and the model asks for {count(check.threshold)}"
    if check.name.endswith("converged"):
        return f"{spoken} could not be fitted"
    asked = "less than" if check.rule == "within" else "more than"
    return f"{spoken} is {number(check.value, 2)}, and {asked} {number(check.threshold, 1)} is asked"


def _expected(source: Published, value: Value, checks: dict[str, Check]) -> str:
    scale = scale_for(source, "clv_12m_mean")
    text = f"The model expects {with_unit(value.value, scale)} a customer in the next 12 months"
    if value.low is not None and value.high is not None:
        text += f" (95{THIN}% interval {show(value.low, scale)} to {show(value.high, scale)})"
    move = move_of(source, "clv_12m_mean")
    if move is not None and move.is_beyond_noise:
        way = "up from" if move.is_rise else "down from"
        text += f", {way} {show(move.before.value, scale)} in {period_name(source, move.before.period_id)}"
    error = checks.get("holdout_error")
    if error is not None and error.value is not None:
        text += f"; its error in the test weeks is {_signed(error.value)}"
    return f"{text}."


def _signed(share: float) -> str:
    return f"{number(100 * share, 1, signed=True)}{THIN}%"


def _percent(share: float) -> str:
    return with_unit(share, SHARE)


def values_table(source: Published) -> Table | None:
    """What customers have brought and are expected to bring; None when none of it is measured."""
    measured = [metric for metric in MEASURES if source.is_measured(metric)]
    if not measured:
        return None
    notes = Footnotes()
    rows = []
    for metric in measured:
        now, before = source.at(metric), source.at(metric, source.period.previous.id)
        scale = scale_for(source, metric)
        cell = value_cell(metric, now, scale)
        if now is None or now.value is None:
            cell = replace(cell, note=notes.letter(f"{MISSING_TEXT}: {_why_missing(metric, now)}."))
        interval = interval_text(now, scale) if now is not None else ""
        rows.append(
            Row(
                (
                    Cell(MEASURES[metric], scale.unit, definition=metric),
                    cell,
                    Cell(interval, tone="muted"),
                    change_cell(now, before, scale),
                )
            )
        )
    columns = (
        Column("Measure", "name"),
        Column(source.period.short, "number", "15mm", 2),
        Column("95 % interval", "word-right", "31mm"),
        Column(f"Δ {source.period.previous.short}", "number", "13mm", 1, has_units=True),
    )
    now = source.at("clv_historic_mean")
    customers = (
        f" {count(now.n)} customers by the quarter's end; past 12 months: of those who ordered in them."
        if now is not None and now.n
        else ""
    )
    foot = f"Net sales of one customer to date.{customers}"
    return Table("Lifetime value", columns, tuple(rows), foot=foot, notes=tuple(notes.texts))


def _why_missing(metric: str, value: Value | None) -> str:
    reason = (value.reason if value else None) or "no_data"
    if metric == "clv_simple_12m" and reason == "immature":
        return f"fewer than {MONTHS} whole months of orders"
    return REASONS.get(reason, reason)


def checks_table(source: Published) -> Table | None:
    """Each guard, what was found, what is asked for, and whether it holds; None without a model."""
    checks = checks_of(source)
    if not checks:
        return None
    rows = tuple(
        Row((Cell(CHECKS[check.name][0]), Cell(_found(check)), Cell(_asked(check)), _verdict(check)))
        for check in checks.values()
    )
    columns = (
        Column("Check", "name"),
        Column("Found", "word-right", "13mm"),
        Column("Asked", "word-right", "20mm"),
        Column("Verdict", "word", "13mm"),
    )
    return Table(
        "Whether the 12-month model holds",
        columns,
        rows,
        foot=f"Test weeks: the last {HOLDOUT_WEEKS}, forecast from those before. Correlation: of spend and frequency. "
        "All six checks must hold.",
    )


def _verdict(check: Check) -> Cell:
    if check.is_passed is None:
        return Cell("● not known", tone="watch")
    return Cell("▲ holds", tone="good") if check.is_passed else Cell("▼ fails", tone="bad")


def _found(check: Check) -> str:
    if check.value is None:
        return "–"
    if check.name.endswith("converged"):
        return "yes" if check.value else "no"
    if check.name == "holdout_error":
        return _signed(check.value)
    return count(check.value) if check.name == "repeat_buyers" else number(check.value, 2)


def _asked(check: Check) -> str:
    if check.name.endswith("converged"):
        return "yes"
    if check.name == "holdout_error":
        return f"under ±{number(100 * check.threshold)}{THIN}%"
    if check.name == "repeat_buyers":
        return f"at least {count(check.threshold)}"
    return f"under ±{number(check.threshold, 1)}" if check.rule == "within" else f"above {number(check.threshold)}"


def calibration_chart(source: Published) -> ColumnGroups | None:
    """Orders foretold for the weeks held out, beside those that came, by how often customers had come back before."""
    if not source.has("clv_calibration"):
        return None
    found = source.rows(
        """select frequency, customers, predicted_orders, actual_orders from clv_calibration where period_id = $period
        order by frequency""",
        period=source.period.id,
    )
    if not found:
        return None
    found = _without_small_groups(found)
    if not found:
        return None
    digits = 1 if min(row[2] for row in found) < FINE_BELOW else 0
    forecast, actual = sum(row[2] for row in found), sum(row[3] for row in found)
    return ColumnGroups(
        title=f"Order days in the {HOLDOUT_WEEKS} test weeks, by how often the customers had come back before",
        alt=f"Forecast: {count(forecast)} order days in all; actual: {count(actual)}. "
        "The table below holds every group.",
        corner="Came back before",
        labels=tuple(label for label, *_ in found),
        under=("",) * len(found),
        groups=tuple((Block(0.0, row[2], "expected"), Block(0.0, float(row[3]), "actual")) for row in found),
        rows=(
            DataRow("Customers", tuple(count(row[1]) for row in found)),
            DataRow("Forecast", tuple(number(row[2], digits) for row in found)),
            DataRow("Actual", tuple(count(row[3]) for row in found)),
        ),
        keys=(("expected", "forecast"), ("actual", "actual")),
        height=14.0,
    )


def _without_small_groups(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The groups under their labels; from the first with fewer than ten customers on they stand as one."""
    small = (at for at, row in enumerate(found) if row[1] < FEWEST_CUSTOMERS)
    cut = min(next(small, len(found) - 1), len(found) - 1)
    while cut and sum(row[1] for row in found[cut:]) < FEWEST_CUSTOMERS:
        cut -= 1
    last = [sum(column) for column in list(zip(*found[cut:], strict=True))[1:]]
    if last[0] < FEWEST_CUSTOMERS:
        return []
    is_open = cut < len(found) - 1 or found[cut][0] >= MOST_FREQUENT
    label = f"{found[cut][0]}×{' or more' if is_open else ''}"
    return [*((f"{row[0]}×", *row[1:]) for row in found[:cut]), (label, *last)]
