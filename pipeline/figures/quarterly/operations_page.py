"""Delivery, support, returns, defects, cancellations.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class OperationsPage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def operations_page(source: Published, office: Office) -> OperationsPage | None:
    """The page; None when nothing of it is measured."""
    return None
