"""What surveyed customers say: CSAT, NPS, CES, by touchpoint.

What belongs here: the choice and order of what the page shows. The two scales of NPS stand apart on it and are never
pooled; where no satisfaction survey came, the share of good ratings stands in for it and is named as a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.figures.customers import category_name
from pipeline.figures.measures import detail_table
from pipeline.figures.model import BigNumber, Sentence, Table, TimeChart
from pipeline.figures.numbers import capital, name, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.entity_moves import entity_table, mark_note
from pipeline.figures.quarterly.quarter_columns import (
    MOST_QUARTERS,
    bounds_of,
    few_quarters_note,
    quarter_columns,
)
from pipeline.figures.wording import big_number, not_measured, page_message
from pipeline.settings import Office

#: What the page can open with; without any, it leads with the first that was ever asked.
SURVEYED = ("nps", "csat", "ces", "nps_1_10")
MEASURES = ("nps", "nps_1_10", "csat", "ces", "ces_top3_share", "ces_index")
#: Each chart's heading, its cases and the metrics that share its scale; without any it is a line.
CHARTS = {
    "nps": ("NPS on the scale 0–10, points", "Answers", ("nps", "nps_1_10")),
    "nps_1_10": ("NPS on the scale 1–10, points, never pooled with the other", "Answers", ("nps", "nps_1_10")),
    "csat": ("Satisfied customers (4 or 5 of 5), %", "Answers", ()),
    "csat_proxy": ("CSAT proxy: ratings of 4 or 5 stars, %", "Ratings", ()),
    "ces": ("Ease, mean of 1 to 7, 7 the easiest", "Answers", ()),
}
TOUCHPOINTS = {"ui": "Site and app"}
MOST_CATEGORIES = 8
FEWEST_TOUCHPOINTS = 2
FEWEST_QUARTERS_RANKED = 4


@dataclass(frozen=True)
class SatisfactionPage:
    message: Sentence
    number: BigNumber | None
    charts: tuple[TimeChart, ...]
    scores: Table | None
    touchpoints: Table | None
    ease: Table | None
    categories: Table | None
    few: str
    not_measured: str


def satisfaction_page(source: Published, office: Office) -> SatisfactionPage | None:
    """The page; None when no survey of buyers was ever answered: the proxy alone stands with the ratings."""
    asked = [metric for metric in SURVEYED if _was_answered(source, metric)]
    if not asked:
        return None
    measures = _with_proxy(source, MEASURES)
    charted = [metric for metric in _with_proxy(source, tuple(CHARTS)) if metric in measures]
    few = few_quarters_note(source, charted)  # it takes the room of two rows
    message, told = page_message(source, asked, asked[0])
    rank = _rank_clause(source, told) if message.rule == "largest move beyond noise" else ""
    charts = (
        quarter_columns(source, metric, title, cases, bounds_of(source, shared) if shared else None)
        for metric in charted
        for title, cases, shared in (CHARTS[metric],)
    )
    return SatisfactionPage(
        message=replace(message, text=message.text[:-1] + rank + "."),
        number=big_number(source, told),
        charts=tuple(chart for chart in charts if chart),
        scores=detail_table(source, measures, "All scores of the quarter"),
        touchpoints=_by_touchpoint(source, "csat", "Satisfied customers by touchpoint", 0.1),
        ease=_by_touchpoint(source, "ces", "Ease by touchpoint", 0.5),
        categories=_by_category(source, MOST_CATEGORIES - 2 if few else MOST_CATEGORIES),
        few=few,
        not_measured=not_measured(source, MEASURES),
    )


def _was_answered(source: Published, metric: str) -> bool:
    return any(value and value.value is not None for value in source.series(metric, MOST_QUARTERS))


def _with_proxy(source: Published, metrics: tuple[str, ...]) -> list[str]:
    """Surveys and proxy never in one series: the proxy only where the survey was never answered."""
    chosen = "csat" if _was_answered(source, "csat") else "csat_proxy"
    named = ["csat" if metric == "csat_proxy" else metric for metric in metrics]
    return [chosen if metric == "csat" else metric for metric in dict.fromkeys(named)]


def _rank_clause(source: Published, metric: str) -> str:
    """`, the highest of six quarters`, when no earlier quarter shown reached it; '' with fewer than four."""
    values = [value.value for value in source.series(metric, MOST_QUARTERS) if value and value.value is not None]
    now = source.at(metric)
    if now is None or now.value is None or len(values) < FEWEST_QUARTERS_RANKED:
        return ""
    if now.value > max(values[:-1]):
        return f", the highest of {plural(len(values), 'quarter')}"
    return f", the lowest of {plural(len(values), 'quarter')}" if now.value < min(values[:-1]) else ""


def _by_touchpoint(source: Published, metric: str, title: str, step: float) -> Table | None:
    """None where only one touchpoint was asked about: it is the score above."""
    found = source.entities(metric, "touchpoint")
    if len(found) < FEWEST_TOUCHPOINTS:
        return None
    names = {key: TOUCHPOINTS.get(key, name(capital(key.replace("_", " ")))) for key in found}
    return entity_table(source, metric, "touchpoint", names, title, "Touchpoint", step)


def _by_category(source: Published, most: int) -> Table | None:
    """The `most` categories with the most answers, the lowest score first."""
    found = {key: value for key, value in source.entities("nps", "category").items() if value.value is not None}
    chosen = sorted(found, key=lambda key: (-(found[key].n or 0), key))[:most]
    names = {key: category_name(key) for key in sorted(chosen, key=lambda key: (found[key].value or 0.0, key))}
    foot = f"{mark_note(source)} An answer counts for each category of its order."
    if len(found) > len(chosen):
        foot += f" {plural(len(found) - len(chosen), 'category', 'categories')} with fewer answers not shown."
    return entity_table(source, "nps", "category", names, "NPS (0–10) by category", "Category", 20, foot)
