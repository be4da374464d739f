"""Page 1: the month in one page. What moved, what changed, what needs a decision, the twelve figures.

What belongs here: the headline and the choice of the twelve rows. The sentences below the headline are picked in
`decisions.py`; the wording of a single sentence belongs to `wording.py`.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.figures.decisions import what_changed, what_to_decide
from pipeline.figures.evidence import data_quality_line
from pipeline.figures.measures import Footnotes, measure_columns, measure_row, without_targets
from pipeline.figures.messages import path_clause, quarter_to_date
from pipeline.figures.model import MISSING_TEXT, Cell, Row, Sentence, Table, Tone
from pipeline.figures.noise import Move, limits_of, moves_beyond_noise
from pipeline.figures.numbers import count, digits_beside, listed, number, plural, show, with_unit
from pipeline.figures.pages import SummaryPage
from pipeline.figures.published import Published
from pipeline.figures.wording import (
    big_number,
    floors_clause,
    not_measured,
    period_name,
    scale_for,
    spoken,
    state_sentence,
    target_clause,
)
from pipeline.settings import Office
from pipeline.statistics.process_limits import LIMIT_FACTOR

KPI_ROWS = 12
_TARGET, _VERDICT = 4, 7  # where these stand in `measure_columns`
SENTENCES, ACTIONS = 3, 4

#: The metrics that page 1 would print, by the area that answers for them; a group's later ones stand in for those that
#: are not measured.
GROUPS: dict[str, tuple[str, ...]] = {
    "customers": (
        "rating_mean",
        "nps",
        "csat",
        "repeat_customer_share",
        "csat_proxy",
        "review_count",
    ),
    "service": (
        "review_response_48h",
        "negative_review_response_48h",
        "inquiry_response_48h",
        "on_time_delivery_rate",
        "delivery_days_median",
    ),
    "messages": ("message_count", "messages_per_order"),
    "sales": ("net_sales", "orders", "average_order_value", "active_buyers", "new_buyers", "units"),
}
GROUP_ROWS = {"customers": 4, "service": 4, "messages": 2, "sales": 2}


def kpi_metrics(published: Published) -> dict[str, list[str]]:
    """The twelve metrics by area: each area's first ones that are measured, then others until there are twelve."""
    measured = {area: [m for m in metrics if published.is_measured(m)] for area, metrics in GROUPS.items()}
    chosen = {area: metrics[: GROUP_ROWS[area]] for area, metrics in measured.items()}
    for area, metrics in measured.items():
        for metric in metrics[GROUP_ROWS[area] :]:
            if sum(len(rows) for rows in chosen.values()) < KPI_ROWS:
                chosen[area].append(metric)
    return {area: metrics for area, metrics in chosen.items() if metrics}


def summary_page(published: Published, office: Office) -> SummaryPage:
    chosen = kpi_metrics(published)
    areas = {metric: area for area, metrics in chosen.items() for metric in metrics}
    moves = _told_once(moves_beyond_noise(published, list(areas)))
    lead = moves[0].metric.metric if moves else _most_missed(published, list(areas)) or next(iter(areas))
    changes = what_changed(published, moves[1:], [metric for metric in areas if metric != lead])
    actions = what_to_decide(published, office, moves, areas)
    quarter = quarter_to_date(published)
    has_targets = any((value := published.at(metric)) and value.target is not None for metric in areas) or (
        quarter is not None and quarter.target is not None
    )
    kpis = _kpi_table(published, chosen, has_targets=has_targets)
    return SummaryPage(
        headline=_headline(published, moves, list(areas), lead),
        number=big_number(published, lead),
        changes=tuple(changes[:SENTENCES]),
        changes_note="" if len(changes) >= SENTENCES else _changes_note(published, changes, list(areas)),
        actions=tuple(actions[:ACTIONS]),
        actions_note=_actions_note(actions),
        kpis=kpis,
        legend=_legend(published, kpis, has_targets=has_targets),
        not_measured=not_measured(published, [metric for metrics in GROUPS.values() for metric in metrics]),
        data_quality=data_quality_line(published),
    )


def _told_once(moves: list[Move]) -> list[Move]:
    """Without the CSAT proxy where the mean rating moved too: both are the same stars."""
    has_rating = any(move.metric.metric == "rating_mean" for move in moves)
    return [move for move in moves if not (has_rating and move.metric.metric == "csat_proxy")]


_MOVE_LEGEND = (
    "Move: better or worse when the month lies outside mean ± {factor} × mean moving range of the twelve months before "
    "and, where they have them, the 95 % intervals of the two months do not overlap; above or below when only the "
    "first holds; else within noise. Δ is of unrounded values."
)
_TARGET_LEGEND = (
    " Verdict: met at the target, near down to its floor{floors}, missed below. Evidence: certain when the whole 95 % "
    "interval is on one side of the target."
)


def _changes_note(published: Published, changes: list[Sentence], metrics: list[str]) -> str:
    if _is_too_young(published, metrics):
        return f"With fewer than eight months before {published.period.label}, no move can be told from noise."
    return f"Nothing {'else ' if changes else ''}passed a test this month."


def _actions_note(actions: list[Sentence]) -> str:
    if len(actions) >= ACTIONS:
        return ""
    return f"No {'further ' if actions else ''}decision follows from the figures."


def _is_too_young(published: Published, metrics: list[str]) -> bool:
    return all(limits_of(published, metric) is None for metric in metrics)


def _legend(published: Published, kpis: Table, *, has_targets: bool) -> str:
    """How to read the judgements, and why a column has dashes."""
    text = _MOVE_LEGEND.format(factor=number(LIMIT_FACTOR, 2))
    metrics = [row.cells[0].definition for row in kpis.rows]
    floors = floors_clause(published, metrics)
    text += _TARGET_LEGEND.format(floors=floors) if has_targets else " No target is set for any of these figures."
    dashed = [
        column.head
        for index, column in enumerate(kpis.columns)
        if index > 1 and any(row.cells[index].text == MISSING_TEXT for row in kpis.rows)
    ]
    reasons = []
    if "Move" in dashed:
        reasons.append("in Move, no step, or fewer than eight months to hold it against")
    if "Target" in dashed:
        reasons.append("in Target and Verdict, no target is set")
    values = [head for head in dashed if head not in ("Move", "Target", "Verdict")]
    if values:
        reasons.append(f"in {listed(values)}, no value to compare")
    return f"{text} A dash: {'; '.join(reasons)}." if reasons else text


def _headline(published: Published, moves: list[Move], metrics: list[str], lead: str) -> Sentence:
    label = published.period.label
    if moves:
        move = moves[0]
        scale = scale_for(published, lead)
        assert move.now.value is not None and move.limits is not None
        usual = move.limits.within(move.metric.unit)
        digits = digits_beside(move.now.value, usual.high if move.is_rise else usual.low, scale)
        text = (
            f"{spoken(published, lead)} {'rose' if move.is_rise else 'fell'} to "
            f"{with_unit(move.now.value, scale, digits=digits)}"
        )
        before = show(move.before.value, scale)
        side = "above" if move.is_rise else "below"
        # Two lines at most: where a target is spoken of, the title names the month and the figure's own page the range.
        if move.now.target is not None:
            text += f", {side} the usual range{target_clause(move.now, scale)}"
        else:
            text += (
                f" in {label} from {before} in {period_name(published, move.before.period_id)}, "
                f"{side} the usual {show(usual.low, scale)} to {show(usual.high, scale)}"
            )
        return Sentence(f"{text}.", "largest move beyond noise")
    if _is_too_young(published, metrics):
        return Sentence(state_sentence(published, lead), "too young")
    judged = [value for value in (published.at(metric) for metric in metrics) if value and value.rag]
    text = f"No figure moved beyond noise in {label}"
    if judged:
        met = sum(1 for value in judged if value.rag == "green")
        text += f"; {count(met)} of {plural(len(judged), 'target')} {'is' if met == 1 else 'are'} met"
    return Sentence(f"{text}.", "no move beyond noise")


def _most_missed(published: Published, metrics: list[str]) -> str | None:
    """The metric whose target is missed by the largest part of it."""
    missed = [
        (abs(value.value - value.target) / abs(value.target), metric)
        for metric in metrics
        if (value := published.at(metric))
        and value.rag in ("red", "amber")
        and value.value is not None
        and value.target
    ]
    return max(missed)[1] if missed else None


def _kpi_table(published: Published, chosen: dict[str, list[str]], *, has_targets: bool) -> Table:
    notes = Footnotes()
    rows: list[Row] = []
    for index, metrics in enumerate(chosen.values()):
        for position, metric in enumerate(metrics):
            row = measure_row(published, metric, notes, opens_group=index > 0 and position == 0)
            rows.append(_with_quarter(published, row, notes) if metric == "message_count" else row)
    table = Table("Key figures", measure_columns(published), tuple(rows), notes=tuple(notes.texts))
    return table if has_targets else without_targets(table)


def _with_quarter(published: Published, row: Row, notes: Footnotes) -> Row:
    """The messages' row judged by the quarter so far: their target is a quarter's, and a month has none of its own."""
    quarter = quarter_to_date(published)
    if quarter is None or quarter.target is None:
        return row
    note = f"The target is {count(quarter.target)} a quarter: {path_clause(quarter)}."
    by_path = "on path (at it or above), near (from nine tenths of it) or below"
    words: dict[Tone, str] = {"good": "▲ on path", "watch": "● near", "bad": "▼ below"}
    if quarter.is_over:
        words |= {"good": "▲ met", "bad": "▼ missed"}
    else:
        note += f" The verdict is against the path to date: {by_path}."
    letter = notes.letter(note)
    cells = list(row.cells)
    cells[_TARGET] = replace(cells[_TARGET], note=letter)
    cells[_VERDICT] = Cell(words[quarter.tone], tone=quarter.tone, note=letter)
    return replace(row, cells=tuple(cells))
