"""What reviews say in words: themes, what changed since the last quarter, quotes.

What belongs here: the choice and order of what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, Sentence
from pipeline.figures.published import Published
from pipeline.settings import Office


@dataclass(frozen=True)
class VoicePage:
    message: Sentence
    number: BigNumber | None
    not_measured: str


def voice_page(source: Published, office: Office) -> VoicePage | None:
    """The page; None when nothing of it is measured."""
    return None
