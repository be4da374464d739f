"""Every target of the quarter: actual, target, previous year, verdict, interval, evidence, assurance.

What belongs here: the page's three tables. Which metrics are objectives is `objectives.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.figures.decisions import owner_of, short_of
from pipeline.figures.measures import Footnotes, change_cell, interval_text, last_year_id, title_cell, value_cell
from pipeline.figures.model import MISSING_TEXT, Bar, BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import Scale, count, digits_beside, number, safe, show
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.objectives import Objective, objectives, verdict_sentence
from pipeline.figures.wording import big_number, evidence, floors_clause, period_name, scale_for, subject, verdict
from pipeline.settings import Office
from pipeline.targets import ASSURANCE

MOST_QUARTERS = 6
SYMBOLS = {"green": "▲", "amber": "●", "red": "▼"}
LEGEND = (
    "Bar: the actual value from zero; line: the target; each row on a scale of its own. Verdict: met at the target, "
    "near down to its floor{floors}, missed below. Evidence: certain when the whole 95 % interval is on one side of "
    "the target."
)


@dataclass(frozen=True)
class ScorecardPage:
    message: Sentence
    number: BigNumber | None
    targets: Table
    months: Table | None
    history: Table | None
    agreements: Table
    legend: str
    not_measured: str


def scorecard_page(source: Published, office: Office) -> ScorecardPage | None:
    """The page; None when no target has a value to be held against it."""
    found = objectives(source, last_year_id(source))
    if not found:
        return None
    missed = [objective for objective in found if not objective.is_met]
    lead = max(missed or found, key=_distance)
    return ScorecardPage(
        message=Sentence(verdict_sentence(source, found), "targets met"),
        number=big_number(source, lead.metric),
        targets=_targets(source, found),
        months=_months(source, found),
        history=_history(source, found),
        agreements=_agreements(source, office, found),
        legend=LEGEND.format(floors=floors_clause(source, [objective.metric for objective in found])),
        not_measured="",
    )


def _distance(objective: Objective) -> tuple[float, str]:
    """How far the value lies from its target, as a part of the target."""
    value, target = objective.value.value or 0.0, objective.value.target or 0.0
    return (abs(value - target) / abs(target) if target else 0.0, objective.metric)


def _targets(source: Published, found: list[Objective]) -> Table:
    notes = Footnotes()
    period = source.period
    columns = (
        Column("Objective", "name", "44mm"),
        Column(period.short, "number", "14mm", 1),
        Column("Target", "number", "13mm", 1),
        Column("Δ target", "number", "16mm", 1, has_units=True),
        Column(f"{period.short} {last_year_id(source)[:4]}", "number", "14mm", 1),
        Column("95 % interval", "word-right", "30mm"),
        Column("", "mark", "15mm"),
        Column("Verdict", "word", "15mm"),
        Column("Evidence", "word", "15mm"),
    )
    rows = tuple(_target_row(source, objective, notes) for objective in found)
    return Table("Targets of the quarter", columns, rows, notes=tuple(notes.texts))


def _target_row(source: Published, objective: Objective, notes: Footnotes) -> Row:
    metric, value = objective.metric, objective.value
    scale = scale_for(source, metric)
    assert value.value is not None and value.target is not None
    digits = digits_beside(value.value, value.target, scale)
    word, tone = verdict(value)
    return Row(
        (
            title_cell(source, metric, scale),
            replace(value_cell(metric, value, scale, digits), tone="strong", note=notes.few(value)),
            Cell(show(value.target, scale), figure=value.key(metric, column="target")),
            change_cell(value, replace(value, value=value.target), scale),
            value_cell(metric, objective.last_year, scale),
            Cell(interval_text(value, scale) or MISSING_TEXT, tone="muted"),
            Cell("", mark=_bar(source, metric, value, scale)),
            Cell(word, tone=tone),
            Cell(evidence(value) or MISSING_TEXT, tone="muted"),
        )
    )


def _bar(source: Published, metric: str, value: Value, scale: Scale) -> Bar | None:
    """The value from zero with the target as a line; None where a value below zero has no bar."""
    assert value.value is not None and value.target is not None
    if value.value < 0 or value.target <= 0:
        return None
    full = 1.05 * max(value.value, value.target)
    alt = f"{subject(source, metric)}: {show(value.value, scale)} against {show(value.target, scale)} {scale.unit}"
    return Bar(round(value.value / full, 4), alt.strip(), round(value.target / full, 4))


def _months(source: Published, found: list[Objective]) -> Table | None:
    """The quarter's months of the objectives that months are held against too."""
    months = source.last_months(3)
    rows = []
    for objective in found:
        values = [source.at(objective.metric, month) for month in months]
        if any(value is None or value.value is None or value.target is None for value in values):
            continue
        rows.append(_judged_row(source, objective.metric, values))
    if not rows:
        return None
    columns = (
        Column("Objective", "name", "56mm"),
        *(column for month in months for column in _judged_columns(period_name(source, month))),
    )
    return Table("Month by month, where a month has the target too", columns, tuple(rows))


def _history(source: Published, found: list[Objective]) -> Table | None:
    """The last quarters of every objective, each judged against the target that was in force."""
    quarters = source.periods[-MOST_QUARTERS:]
    if len(quarters) < 2:
        return None
    rows = tuple(_judged_row(source, o.metric, [source.at(o.metric, quarter) for quarter in quarters]) for o in found)
    columns = (
        Column("Objective", "name", "50mm"),
        *(column for quarter in quarters for column in _judged_columns(quarter)),
    )
    foot = "▲ met, ● near, ▼ missed, each against the target in force then; a dash: no value or nothing to compare."
    return Table("Quarter by quarter", columns, rows, foot=foot)


def _judged_columns(head: str) -> tuple[Column, Column]:
    return Column(head, "number", "15mm", 1), Column("", "word", "5mm")


def _judged_row(source: Published, metric: str, values: list[Value | None]) -> Row:
    scale = scale_for(source, metric)
    cells: list[Cell] = []
    for value in values:
        is_judged = value is not None and value.value is not None and value.rag is not None
        digits = scale.digits
        if is_judged and value and value.value is not None and value.target is not None:
            digits = digits_beside(value.value, value.target, scale)
        cells.append(value_cell(metric, value, scale, digits))
        tone = verdict(value)[1] if value and is_judged else ""
        cells.append(Cell(SYMBOLS.get(value.rag or "", "") if value else "", tone=tone))
    return Row((title_cell(source, metric, scale), *cells))


def _agreements(source: Published, office: Office, found: list[Objective]) -> Table:
    """Who answers for each target, what the months' limits say of it, and where it was agreed."""
    documents = dict(source.rows("select metric, arg_max(source, version) from targets group by metric"))
    rows = tuple(
        Row(
            (
                Cell(subject(source, objective.metric)),
                Cell(safe(owner_of(office, objective.owner), 40)),
                Cell(ASSURANCE.get(objective.assurance, MISSING_TEXT)),
                Cell(_more_cases(objective)),
                Cell(safe(documents.get(objective.metric), 130), tone="muted"),
            )
        )
        for objective in found
    )
    columns = (
        Column("Objective", "name", "42mm"),
        Column("Owner", "word", "34mm"),
        Column("Assurance", "word", "20mm"),
        Column("Short by", "number", "13mm"),
        Column("Agreed in", "name", "67mm"),
    )
    foot = (
        "Assurance: what the process limits of the months say of the target: always met, never met, or sometimes met, "
        "by chance; not by months: the target is the quarter's alone. Short by: how many more cases in time, or "
        "messages, would have met the target."
    )
    return Table("Who answers, and what stands behind it", columns, rows, foot=foot)


def _more_cases(objective: Objective) -> str:
    """How many cases more would have met a target of a share or a count; a dash when it is met."""
    value = objective.value
    if objective.is_met or value.value is None or value.target is None:
        return MISSING_TEXT
    if value.denominator:
        return count(short_of(value))
    return number(value.target - value.value, 0)
