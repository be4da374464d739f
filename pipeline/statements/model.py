"""What one statement says: frozen values of printed text, ready to be handed to the template as JSON.

What belongs here: the shapes. Every number is text already; the template lays it out and computes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "good", "bad", "muted"]
Kind = Literal["", "sum", "total"]
Status = Literal["paid", "held", "overpaid", "nothing"]


@dataclass(frozen=True)
class Line:
    """A line of the reckoning. `numbers` stand under the columns; `kind`: a sum is ruled off, the total strong."""

    label: str
    numbers: tuple[str, ...]
    how: str = ""
    kind: Kind = ""


@dataclass(frozen=True)
class Reckoning:
    """How the payout came about: the columns of numbers, the lines in their order, and what must be said below."""

    columns: tuple[str, ...]
    part: tuple[Line, ...]
    account: tuple[Line, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """One condition of taking part: what it asks, what the seller has, and what is missing ("" when met)."""

    asks: str
    has: str
    missing: str


@dataclass(frozen=True)
class Score:
    """One line of the scorecard: the seller's value beside the marketplace's and the target's."""

    title: str
    unit: str
    value: str
    cases: str
    interval: str
    market: str
    target: str
    verdict: str
    tone: Tone = ""


@dataclass(frozen=True)
class Scorecard:
    """The scores, and why some are missing."""

    scores: tuple[Score, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Criterion:
    """One criterion of the Expertise scale: where the seller is, and what it lacks to the next status."""

    name: str
    has: str
    reaches: str
    missing: str


@dataclass(frozen=True)
class Standing:
    """Where the seller stands on the Expertise scale. No criteria: the sentence says why. `windows`: what the criteria
    count, and how after-sales quality is made up."""

    sentence: str
    next_status: str
    criteria: tuple[Criterion, ...]
    moves: str
    windows: str = ""


@dataclass(frozen=True)
class Payout:
    """What the index of the statements says; whole cents and plain words."""

    cents: int
    currency: str
    status: Status


@dataclass(frozen=True)
class Statement:
    """One seller's page. `digest` is the SHA-256 of everything else that the page prints."""

    seller_id: str
    file_stem: str
    payout: Payout
    title: str
    office: str
    running: str
    accent: str
    as_of_iso: str
    is_draft: bool
    seller: str
    seller_line: str
    period_label: str
    amount: str
    currency: str
    message: str
    reckoning: Reckoning
    conditions: tuple[Condition, ...]
    what_if: tuple[str, ...]
    scorecard: Scorecard
    standing: Standing
    footer: tuple[str, ...]
    digest: str = ""


def as_json(statement: Statement) -> str:
    """The statement as the template reads it, always in the same order."""
    return json.dumps(vars(statement), default=vars, ensure_ascii=False, separators=(",", ":"))
