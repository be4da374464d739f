"""What surveyed customers say: CSAT, NPS, CES, by touchpoint.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class SatisfactionPage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def satisfaction_page(source: Published, office: Office) -> SatisfactionPage | None:
    """The page; None when nothing of it is measured."""
    return None
