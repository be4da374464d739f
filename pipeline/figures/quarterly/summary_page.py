"""Page 1: the quarter in one page. Verdict per objective, decisions sought, risks.

What belongs here: the headline and the choice of what leads. Sentences' wording belongs to `pipeline.figures.wording`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.evidence import data_quality_line
from pipeline.figures.measures import Footnotes, measure_columns, measure_row
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.published import Published
from pipeline.figures.wording import big_number, page_message
from pipeline.settings import Office


@dataclass(frozen=True)
class SummaryPage:
    headline: Sentence
    number: BigNumber | None
    kpis: Table
    data_quality: str


def summary_page(source: Published, office: Office) -> SummaryPage:
    metrics = [
        m
        for m in ("rating_mean", "nps", "csat", "repeat_customer_share", "review_response_48h", "message_count")
        if source.is_measured(m)
    ]
    headline, lead = page_message(source, metrics, metrics[0])
    notes = Footnotes()
    rows = tuple(measure_row(source, m, notes) for m in metrics)
    return SummaryPage(
        headline,
        big_number(source, lead),
        Table("Key figures", measure_columns(source), rows, notes=tuple(notes.texts)),
        data_quality_line(source),
    )
