"""Seller education against its targets, and what it is worth.

What belongs here: the choice and order of what the page shows, its first sentence, and the table of the targets. The
comparison of sellers is `training_uplift.py`'s, who took part `training_sellers.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.figures.measures import Footnotes, interval_text, value_cell
from pipeline.figures.model import MISSING_TEXT, BigNumber, Bullet, Cell, Column, Row, Sentence, Table, TimeChart
from pipeline.figures.numbers import digits_beside, goal, scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.training_sellers import absent_table, months_chart, months_sentence, stages_table
from pipeline.figures.quarterly.training_uplift import compared_table, record_table, uplift_sentence
from pipeline.figures.wording import (
    big_number,
    evidence,
    not_measured,
    period_name,
    scale_for,
    spoken,
    state_sentence,
    target_clause,
    verdict,
)
from pipeline.settings import Office

#: What the page is about: without any of these there is no page.
LEADS = ("training_participation", "resource_satisfaction", "improvement_growth")
TARGETS = {
    "training_participation": "Active sellers who took part",
    "review_response_48h": "Reviews answered in 48 h",
    "negative_review_response_48h": "Negative ones answered in 48 h",
    "improvement_growth": "Growth of improvements",
    "resource_satisfaction": "Satisfied with the resources",
}
#: Counts behind the growth, without targets of their own.
COUNTS = {
    "improvements": "Improvements from feedback",
    "improvements_per_100_sellers": "The same per 100 active sellers",
}
SHARE = scale_of("share", "")
NEEDED = (*LEADS, "review_response_48h", "response_uplift")


@dataclass(frozen=True)
class EducationPage:
    message: Sentence
    number: BigNumber | None
    comparison: str
    targets: Table | None
    months: TimeChart | None
    compared: Table | None
    record: Table | None
    stages: Table | None
    absent: Table | None
    not_measured: str


def education_page(source: Published, office: Office) -> EducationPage | None:
    """The page; None when nothing of it is measured."""
    lead = next((metric for metric in LEADS if (found := source.at(metric)) and found.value is not None), None)
    if lead is None:
        return None
    return EducationPage(
        message=Sentence(_message(source, lead), "where education stands"),
        number=big_number(source, lead),
        comparison=" ".join(text for text in (months_sentence(source), uplift_sentence(source)) if text),
        targets=_targets(source),
        months=months_chart(source),
        compared=compared_table(source),
        record=record_table(source),
        stages=stages_table(source),
        absent=absent_table(source),
        not_measured=not_measured(source, NEEDED),
    )


def _message(source: Published, lead: str) -> str:
    """Where the lead stands; a count of all sellers has no sampling error, and so any change of it is a change."""
    now, before = source.at(lead), source.at(lead, source.period.previous.id)
    if now is None or now.value is None or now.low is not None or before is None or before.value is None:
        return state_sentence(source, lead)
    if now.value == before.value:
        return state_sentence(source, lead)
    scale = scale_for(source, lead)
    digits = scale.digits if now.target is None else digits_beside(now.value, now.target, scale)
    verb = "rose" if now.value > before.value else "fell"
    return (
        f"{spoken(source, lead)} {verb} to {with_unit(now.value, scale, digits=digits)} from "
        f"{show(before.value, scale)} in {period_name(source, before.period_id)}{target_clause(now, scale)}."
    )


def _targets(source: Published) -> Table | None:
    """What has a target of its own: bar, target and the quarter before, all from 0 to 100 %."""
    found = [(metric, value) for metric in TARGETS if (value := source.at(metric)) and value.target is not None]
    shown = [(metric, value) for metric, value in found if value.reason != "not_measured"]
    if not shown:
        return None
    notes = Footnotes()
    rows = [_target_row(source, metric, value, notes) for metric, value in shown]
    counts = [(metric, value) for metric in COUNTS if (value := source.at(metric)) and value.value is not None]
    rows += [_count_row(source, metric, value, index == 0) for index, (metric, value) in enumerate(counts)]
    columns = (
        Column("Target", "name", "53mm"),
        Column("0 to 100 %", "mark", "28mm"),
        Column(source.period.short, "number", "14mm", 2),
        Column("Target", "number", "12mm"),
        Column(source.period.previous.short, "number", "13mm", 2),
        Column("95 % interval", "word-right", "25mm"),
        Column("Verdict", "word", "15mm"),
        Column("Evidence", "word", "15mm"),
    )
    foot = (
        f"Bar: {source.period.short}, its interval a line in it; grey: {source.period.previous.short}; upright: target."
    )
    if any(value.low is None and value.value is not None for _, value in shown):
        foot += " No interval: a count of all active sellers, without sampling error."
    return Table("Education against its targets", columns, tuple(rows), foot=foot, notes=tuple(notes.texts))


def _target_row(source: Published, metric: str, value: Value, notes: Footnotes) -> Row:
    scale, before = scale_for(source, metric), source.at(metric, source.period.previous.id)
    assert value.target is not None
    digits = scale.digits if value.value is None else digits_beside(value.value, value.target, scale)
    word, tone = verdict(value)
    note = notes.missing(value) if value.value is None else notes.few(value)
    return Row(
        (
            Cell(TARGETS[metric], scale.unit, definition=metric),
            Cell("", mark=_bullet(value, before)),
            replace(value_cell(metric, value, scale, digits), tone="strong", note=note),
            Cell(goal(value.target, scale).rstrip("%").rstrip(), figure=value.key(metric, column="target")),
            value_cell(metric, before, scale),
            Cell(interval_text(value, scale) or MISSING_TEXT, tone="muted"),
            Cell(word, tone=tone),
            Cell(evidence(value) or MISSING_TEXT, tone="muted"),
        )
    )


def _count_row(source: Published, metric: str, value: Value, opens_group: bool) -> Row:
    scale, before = scale_for(source, metric), source.at(metric, source.period.previous.id)
    cells = (
        Cell(COUNTS[metric], definition=metric),
        Cell(""),
        replace(value_cell(metric, value, scale), tone="strong"),
        Cell(MISSING_TEXT),
        value_cell(metric, before, scale),
        Cell(interval_text(value, scale), tone="muted"),
        Cell(MISSING_TEXT, tone="muted"),
        Cell(""),
    )
    return Row(cells, opens_group=opens_group)


def _bullet(value: Value, before: Value | None) -> Bullet | None:
    """The share on an axis from 0 to 100 %; None without a value. What lies outside is cut; its number is printed."""
    if value.value is None:
        return None

    def place(point: float | None) -> float | None:
        return None if point is None else round(min(1.0, max(0.0, point)), 4)

    said = f"{show(value.value, SHARE)} %, against a target of {show(value.target, SHARE)} %"
    if before and before.value is not None:
        said += f", before {show(before.value, SHARE)} %"
    return Bullet(
        place(value.value) or 0.0,
        said,
        target=place(value.target),
        before=place(before.value) if before else None,
        low=place(value.low),
        high=place(value.high),
    )
