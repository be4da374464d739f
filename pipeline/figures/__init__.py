"""Everything that one report says, as frozen dataclasses, from the published tables alone.

What belongs here: choosing, judging, wording and formatting. What a number is worth is computed before (`sql/metrics`,
`pipeline.targets`); how it looks comes after (`pipeline.charts`, `pipeline.render`, `report_templates/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.editions import Issued, latest_by_period
from pipeline.figures.edition import figures_json, numbered
from pipeline.figures.monthly import monthly_figures
from pipeline.figures.pages import MonthlyFigures
from pipeline.figures.published import open_published
from pipeline.figures.quarterly import QuarterlyFigures, quarterly_figures
from pipeline.figures.restatements import restated
from pipeline.periods import Period
from pipeline.settings import Office

__all__ = ["ReportFigures", "figures_json", "report_figures"]

ReportFigures = MonthlyFigures | QuarterlyFigures


def report_figures(
    published: Path, office: Office, period: Period, issued: Sequence[Issued] = (), *, issue: bool = False
) -> ReportFigures:
    """Everything the report of `period` says, from `published/scmr17.duckdb`.

    `issued` are the editions that there are, whose figures are held against those published now; `issue`: the report is
    to be the next of them. Raises DeliveryMissing when the period has no data.
    """
    with open_published(published, period) as source:
        changed = restated(source, latest_by_period(issued, period))
        figures: ReportFigures = (
            monthly_figures(source, office, changed)
            if period.type == "month"
            else quarterly_figures(source, office, changed)
        )
    return numbered(figures, issued, issue=issue)
