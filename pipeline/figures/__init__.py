"""Everything that one report says, as frozen dataclasses, from the published tables alone.

What belongs here: choosing, judging, wording and formatting. What a number is worth is computed before (`sql/metrics`,
`pipeline.targets`); how it looks comes after (`pipeline.charts`, `pipeline.render`, `report_templates/`).
"""

from __future__ import annotations

from pathlib import Path

from pipeline.figures.edition import figures_json
from pipeline.figures.model import MonthlyFigures
from pipeline.figures.monthly import monthly_figures
from pipeline.figures.published import open_published
from pipeline.figures.quarterly import QuarterlyFigures, quarterly_figures
from pipeline.periods import Period
from pipeline.settings import Office

__all__ = ["ReportFigures", "figures_json", "report_figures"]

ReportFigures = MonthlyFigures | QuarterlyFigures


def report_figures(published: Path, office: Office, period: Period) -> ReportFigures:
    """Everything the report of `period` says, from `published/scmr17.duckdb`.

    Raises DeliveryMissing when the period has no data.
    """
    with open_published(published, period) as source:
        return monthly_figures(source, office) if period.type == "month" else quarterly_figures(source, office)
