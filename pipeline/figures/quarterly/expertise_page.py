"""The Expertise scale: distribution, moves, what blocks sellers; other marketplaces' thresholds.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class ExpertisePage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def expertise_page(source: Published, office: Office) -> ExpertisePage | None:
    """The page; None when nothing of it is measured."""
    return None
