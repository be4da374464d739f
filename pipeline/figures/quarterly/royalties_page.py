"""The royalty pool to the cent, ratings against sales.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class RoyaltiesPage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def royalties_page(source: Published, office: Office) -> RoyaltiesPage | None:
    """The page; None when nothing of it is measured."""
    return None
