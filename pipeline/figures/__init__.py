"""Everything that one report says, as frozen dataclasses, from the published tables alone.

What belongs here: choosing, judging, wording and formatting. What a number is worth is computed before (`sql/metrics`,
`pipeline.targets`); how it looks comes after (`pipeline.charts`, `pipeline.render`, `report_templates/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.editions import Issued, latest_by_period
from pipeline.figures.edition import figures_json, numbered
from pipeline.figures.numbers import printed_in
from pipeline.figures.published import open_published
from pipeline.figures.restatements import restated
from pipeline.periods import Period
from pipeline.settings import Office

if TYPE_CHECKING:
    from pipeline.figures.pages import MonthlyFigures
    from pipeline.figures.quarterly import QuarterlyFigures
    from pipeline.figures.weekly import WeeklyFigures

    ReportFigures = MonthlyFigures | QuarterlyFigures | WeeklyFigures

__all__ = ["ReportFigures", "figures_json", "report_figures"]


def report_figures(
    published: Path, office: Office, period: Period, issued: Sequence[Issued] = (), *, issue: bool = False
) -> ReportFigures:
    """Everything the report of `period` says, from `published/scmr17.duckdb`.

    `issued` are the editions that there are, whose figures are held against those published now; `issue`: the report is
    to be the next of them. Raises DeliveryMissing when the period has no data.
    """
    with open_published(published, period) as source, printed_in(office.locale):
        changed = restated(source, latest_by_period(issued, period))
        figures: ReportFigures
        # Each report loads what it needs: a month's asks for no SciPy.
        if period.type == "week":
            from pipeline.figures.weekly import weekly_figures

            figures = weekly_figures(source, office, changed)
        elif period.type == "month":
            from pipeline.figures.monthly import monthly_figures

            figures = monthly_figures(source, office, changed)
        else:
            from pipeline.figures.quarterly import quarterly_figures

            figures = quarterly_figures(source, office, changed)
    return numbered(figures, issued, issue=issue)
