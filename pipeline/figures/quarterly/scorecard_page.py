"""Every target of the quarter: actual, plan, previous year, verdict, interval, evidence, assurance.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class ScorecardPage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def scorecard_page(source: Published, office: Office) -> ScorecardPage | None:
    """The page; None when nothing of it is measured."""
    return None
