"""Rows of measures: one metric, its comparisons, its judgement, its last months.

What belongs here: the tables whose rows are metrics, and the footnotes that explain what is missing in them. Tables
whose rows are sellers, products or files are built by their pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.figures.model import MISSING_TEXT, Cell, Column, Interval, Row, Spark, Table
from pipeline.figures.noise import is_growing_with_the_record, move_of
from pipeline.figures.numbers import Scale, change, count, digits_beside, name, plural, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.steps import INDICATIVE_BELOW
from pipeline.figures.wording import REASONS, evidence, period_name, scale_for, subject, verdict

#: Of the KPI table's columns; a quarter's counts and sums have a digit more than a month's.
WIDTHS = ("46mm", "14.2mm", "13.5mm", "11.5mm", "14mm", "14.5mm", "17.3mm")
WIDTHS_OF_QUARTERS = ("46.4mm", "13.5mm", "12.5mm", "14.5mm", "13.5mm", "14mm", "17.1mm")
SPARK_LENGTHS = {"month": 12, "quarter": 8, "week": 6}
SPARK_HEADS = {"month": "12 months", "quarter": "Quarters", "week": "6 weeks"}


@dataclass
class Footnotes:
    """Collects a table's footnotes; the same text keeps its letter."""

    texts: list[str] = field(default_factory=list)

    def letter(self, text: str) -> str:
        if text not in self.texts:
            self.texts.append(text)
        return "abcdefghijklmnopqrstuvwxyz"[self.texts.index(text)]

    def missing(self, value: Value | None) -> str:
        reason = (value.reason if value else None) or "no_data"
        return self.letter(f"{MISSING_TEXT}: {REASONS.get(reason, name(reason))}.")

    def few(self, value: Value) -> str:
        """The letter of a value from few cases; '' where there are enough, or where the value is a total."""
        if value.n is None or value.n >= INDICATIVE_BELOW or value.denominator is None:
            return ""
        return self.letter(f"From {plural(value.n, 'case')}: indicative only.")


def last_year_id(published: Published) -> str:
    return f"{int(published.period.id[:4]) - 1}{published.period.id[4:]}"


def with_year_before(published: Published, sentence: str, metric: str) -> str:
    """`On-time delivery rose …; a year before, 89.3 %.`: the sentence with the metric's value a year ago, if known."""
    before = published.at(metric, last_year_id(published))
    if before is None or before.value is None:
        return sentence
    return f"{sentence[:-1]}; a year before, {with_unit(before.value, scale_for(published, metric))}."


def measure_columns(published: Published) -> tuple[Column, ...]:
    """The columns of the KPI table."""
    period = published.period
    title, now, before, target, delta, judged, spark_width = WIDTHS if period.type == "month" else WIDTHS_OF_QUARTERS
    return (
        Column("Metric", "name", title),
        Column(period.short, "number", now, 2),
        Column(period.previous.short, "number", before, 2),
        Column(f"{period.short} {last_year_id(published)[:4]}", "number", before, 2),
        Column("Target", "number", target, 2),
        Column(f"Δ {period.previous.short}", "number", delta, 2, has_units=True),
        Column("Move", "word", "17.5mm"),
        Column("Verdict", "word", judged),
        Column("Evidence", "word", "14mm"),
        Column(SPARK_HEADS[period.type], "mark", spark_width),
    )


def without_targets(table: Table) -> Table:
    """The KPI table of an office that has set no target for any of its rows: without what is said about targets."""
    kept = [index for index, column in enumerate(table.columns) if column.head not in ("Target", "Verdict", "Evidence")]
    rows = tuple(replace(row, cells=tuple(row.cells[index] for index in kept)) for row in table.rows)
    return replace(table, columns=tuple(table.columns[index] for index in kept), rows=rows)


def measure_row(published: Published, metric: str, notes: Footnotes, *, opens_group: bool = False) -> Row:
    """One line of the KPI table."""
    now, before = published.at(metric), published.at(metric, published.period.previous.id)
    last_year = published.at(metric, last_year_id(published))
    series = published.series(metric, SPARK_LENGTHS[published.period.type])
    scale = scale_for(published, metric)
    target = now.target if now else None
    digits = scale.digits
    if now and now.value is not None and target is not None:
        digits = digits_beside(now.value, target, scale)
    missing = now is None or now.value is None
    note = notes.missing(now) if now is None or missing else notes.few(now)
    if not missing and is_growing_with_the_record(published, metric):
        note = note or notes.letter(f"Rises as the record lengthens; it begins {published.run.first_day:%Y-%m-%d}.")
    judged = verdict(now) if now else (show(None, scale), "muted")
    return Row(
        (
            title_cell(published, metric, scale),
            replace(
                value_cell(metric, now, scale, digits),
                tone="strong",
                note=note,
            ),
            value_cell(metric, before, scale),
            value_cell(metric, last_year, scale),
            Cell(show(target, scale), figure=now.key(metric, column="target") if now and target is not None else ""),
            change_cell(now, before, scale),
            move_cell(published, metric),
            Cell(judged[0], tone=judged[1]),
            Cell(evidence(now) if now else "", tone="muted"),
            Cell("", mark=spark(series, target, scale, subject(published, metric))),
        ),
        opens_group=opens_group,
    )


def value_cell(metric: str, value: Value | None, scale: Scale, digits: int | None = None, scope: str = "all") -> Cell:
    """A published value as a number, with the key that leads back to it; a dash where there is none."""
    if value is None or value.value is None:
        return Cell(MISSING_TEXT)
    return Cell(show(value.value, scale, digits=digits), figure=value.key(metric, scope))


def change_cell(now: Value | None, before: Value | None, scale: Scale) -> Cell:
    """The step from the period before, with the unit it is told in."""
    text = change(now.value if now else None, before.value if before else None, scale)
    return Cell(text, scale.change_unit if text != MISSING_TEXT else "")


def move_cell(published: Published, metric: str) -> Cell:
    """What the period's step says: better, worse, or within noise; a dash where it cannot be tested."""
    move = move_of(published, metric)
    if move is None or move.now.value is None:
        return Cell(MISSING_TEXT, tone="muted")
    if not move.is_beyond_noise and move.is_outside and move.limits:
        return Cell("● above" if move.now.value > move.limits.high else "● below", tone="watch")
    if not move.is_beyond_noise:
        return Cell("within noise", tone="muted")
    if move.is_good is None:
        return Cell("● moved", tone="strong")
    return Cell("▲ better", tone="good") if move.is_good else Cell("▼ worse", tone="bad")


def spark(series: Sequence[Value | None], target: float | None, scale: Scale, title: str) -> Spark | None:
    """The last periods as a small line, scaled to its own range and the target."""
    values = [value.value if value else None for value in series]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    bounds = [*known, target] if target is not None else known
    low, high = min(bounds), max(bounds)
    height = (high - low) or 1.0

    def place(value: float | None) -> float | None:
        return None if value is None else round((value - low) / height, 4)

    measured = f"{title}{', in ' if scale.unit else ''}{scale.unit}, over the last {len(known)} periods with a value"
    alt = f"{measured}: lowest {show(min(known), scale)}, highest {show(max(known), scale)}"
    return Spark(tuple(place(value) for value in values), place(target), f"{alt}, last {show(values[-1], scale)}")


def interval_mark(value: Value, before: Value | None, low: float, high: float, scale: Scale) -> Interval | None:
    """The value with its interval on an axis from `low` to `high`, the previous month's value beside it."""
    if value.value is None or value.low is None or value.high is None or high <= low:
        return None

    def place(number: float) -> float:
        return round(min(1.0, max(0.0, (number - low) / (high - low))), 4)

    earlier = before.value if before and before.value is not None else None
    limits = f"{show(value.low, scale)} to {show(value.high, scale)}"
    alt = f"Value {show(value.value, scale)}, its 95 % interval reaching from {limits}"
    return Interval(
        place(value.low),
        place(value.value),
        place(value.high),
        alt if earlier is None else f"{alt}, in the period before {show(earlier, scale)}",
        None if earlier is None else place(earlier),
        None if value.target is None else place(value.target),
    )


def mark_legend(published: Published) -> str:
    return f"Dot: the share with its 95 % interval; ring: {period_name(published, published.period.previous.id)}."


def interval_text(value: Value, scale: Scale) -> str:
    if value.low is None or value.high is None:
        return ""
    return f"{show(value.low, scale)} to {show(value.high, scale)}"


def detail_table(published: Published, metrics: Sequence[str], title: str, *, has_moves: bool = True) -> Table | None:
    """Measures with their interval and cases: the table of the pages after the first. None when none is measured."""
    measured = [metric for metric in metrics if _ever_measured(published, metric)]
    if not measured:
        return None
    notes = Footnotes()
    columns = (
        Column("Measure", "name"),
        Column(published.period.short, "number", "11mm", 1),
        Column("95 % interval", "word-right", "22mm"),
        Column("n", "number", "10.5mm"),
        Column(f"Δ {published.period.previous.short}", "number", "13.5mm", 1, has_units=True),
        *((Column("Move", "word", "16mm"),) if has_moves else ()),
    )
    rows = tuple(Row(_detail_cells(published, metric, notes)[: len(columns)]) for metric in measured)
    return Table(title, columns, rows, notes=tuple(notes.texts))


def _ever_measured(published: Published, metric: str) -> bool:
    """Whether the last months have any value: a survey scale that the office never uses needs no row."""
    return published.is_measured(metric) and any(
        value and value.value is not None for value in published.series(metric)
    )


def _detail_cells(published: Published, metric: str, notes: Footnotes) -> tuple[Cell, ...]:
    now, before = published.at(metric), published.at(metric, published.period.previous.id)
    assert now is not None
    scale = scale_for(published, metric)
    digits = scale.digits
    if now.value is not None and now.target is not None:
        digits = digits_beside(now.value, now.target, scale)
    return (
        title_cell(published, metric, scale),
        replace(
            value_cell(metric, now, scale, digits),
            tone="strong",
            note=notes.missing(now) if now.value is None else "",
        ),
        Cell(interval_text(now, scale), tone="muted"),
        Cell(count(now.n), figure=now.key(metric, column="n")) if now.n is not None else Cell(""),
        change_cell(now, before, scale),
        move_cell(published, metric),
    )


def title_cell(published: Published, metric: str, scale: Scale) -> Cell:
    """The metric's title with its unit, unless the title begins with it, leading to its definition."""
    title = subject(published, metric)
    unit = "" if title.lower().startswith(scale.unit.lower()) else scale.unit
    return Cell(title, unit, definition=metric)
