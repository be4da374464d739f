"""Everything that one report says, as frozen dataclasses, from the published tables alone.

What belongs here: choosing, judging, wording and formatting. What a number is worth is computed before (`sql/metrics`,
`pipeline.targets`); how it looks comes after (`pipeline.charts`, `pipeline.render`, `report_templates/`).
"""

from pipeline.figures.model import MonthlyFigures
from pipeline.figures.monthly import figures_json, monthly_figures

__all__ = ["MonthlyFigures", "figures_json", "monthly_figures"]
