"""What customers are worth: RFM, lifetime value, health, churn and abandonment.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class ValuePage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def value_page(source: Published, office: Office) -> ValuePage | None:
    """The page; None when nothing of it is measured."""
    return None
