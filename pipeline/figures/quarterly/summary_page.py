"""Page 1: the quarter in one page. The verdict on the objectives, what changed, decisions sought, risks, key figures.

What belongs here: the headline and the choice of the rows. The sentences are picked in `decisions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.evidence import data_quality_line
from pipeline.figures.measures import Footnotes, last_year_id, measure_columns, measure_row, without_targets
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.noise import move_of
from pipeline.figures.published import Published
from pipeline.figures.quarterly.decisions import (
    sales_sentence,
    told_metrics,
    what_changed,
    what_could_go_wrong,
    what_to_decide,
)
from pipeline.figures.quarterly.objectives import Objective, lost_sentence, objectives, verdict_sentence
from pipeline.figures.summary import GROUPS, kpi_metrics
from pipeline.figures.wording import big_number, not_measured, page_message
from pipeline.settings import Office

MOST_CHANGES, MOST_DECISIONS, MOST_RISKS = 5, 4, 2
MOVE_LEGEND = (
    "What changed, and Move: better or worse when a test of the two quarters, corrected for as many as are made, shows "
    "a step (p below 5 %), else within noise."
)
TARGET_LEGEND = (
    " Verdict: near down to its floor (page 2), missed below. Evidence: certain when the whole interval is on one side "
    "of the target."
)
DASH_LEGEND = " Δ is of unrounded values. A dash: nothing to compare, or no test."


@dataclass(frozen=True)
class SummaryPage:
    headline: Sentence
    number: BigNumber | None
    changes: tuple[Sentence, ...]
    changes_note: str
    decisions: tuple[Sentence, ...]
    decisions_note: str
    risks: tuple[Sentence, ...]
    risks_note: str
    kpis: Table
    legend: str
    not_measured: str
    data_quality: str


def summary_page(source: Published, office: Office) -> SummaryPage:
    chosen = kpi_metrics(source)
    areas = told_metrics(source)
    metrics = list(areas)
    found = objectives(source, last_year_id(source))
    headline, lead = _headline(source, found, metrics)
    lost = lost_sentence(source, found)
    changes = [Sentence(lost, "target lost")] if lost else []
    changes += what_changed(source, metrics, "" if found else lead)
    sales = sales_sentence(source)
    decisions = what_to_decide(source, office, found, areas)
    risks = what_could_go_wrong(source, found, metrics)
    return SummaryPage(
        headline=headline,
        number=big_number(source, lead),
        changes=tuple(changes[: MOST_CHANGES - len(risks[:MOST_RISKS]) + 1])
        + ((Sentence(sales, "a total beside those before"),) if sales else ()),
        changes_note="" if changes else "Nothing passed a test this quarter.",
        decisions=tuple(decisions[:MOST_DECISIONS]),
        decisions_note="" if decisions else "No decision follows from the figures.",
        risks=tuple(risks[:MOST_RISKS]),
        risks_note="" if risks else "No test points to one.",
        kpis=_kpis(source, chosen, has_targets=bool(found)),
        legend=MOVE_LEGEND + (TARGET_LEGEND if found else "") + DASH_LEGEND,
        not_measured=not_measured(source, [metric for several in GROUPS.values() for metric in several]),
        data_quality=data_quality_line(source),
    )


def _headline(source: Published, found: list[Objective], metrics: list[str]) -> tuple[Sentence, str]:
    """The verdict on the objectives with the largest new one in figures; without objectives, the largest move."""
    if not found:
        return page_message(source, metrics, metrics[0])
    new = [o for o in found if o.before and o.before.rag and (o.before.rag == "green") != o.is_met]
    lead = (new or found)[0].metric
    return Sentence(verdict_sentence(source, found), "targets met"), lead


def _kpis(source: Published, chosen: dict[str, list[str]], *, has_targets: bool) -> Table:
    moves = [move for metrics in chosen.values() for metric in metrics if (move := move_of(source, metric))]
    moved = sum(1 for move in moves if move.is_beyond_noise)
    notes = Footnotes()
    rows = tuple(
        measure_row(source, metric, notes, opens_group=index > 0 and position == 0)
        for index, metrics in enumerate(chosen.values())
        for position, metric in enumerate(metrics)
    )
    title = f"Key figures, {moved} of {len(moves)} tested moved beyond noise" if moves else "Key figures"
    table = Table(title, measure_columns(source), rows, notes=tuple(notes.texts))
    return table if has_targets else without_targets(table)
