"""The monthly report's pages, as frozen dataclasses: which tables, charts and sentences each of them has.

What belongs here: the shapes of the pages that `summary.py`, `customers.py` and their like fill, and of the evidence
page, which every report has.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.model import BigNumber, CurveChart, Edition, HeatGrid, Sentence, StackChart, Table, TimeChart


@dataclass(frozen=True)
class SummaryPage:
    headline: Sentence
    number: BigNumber | None
    changes: tuple[Sentence, ...]
    changes_note: str
    actions: tuple[Sentence, ...]
    actions_note: str
    kpis: Table
    legend: str
    not_measured: str
    data_quality: str


@dataclass(frozen=True)
class CustomersPage:
    message: Sentence
    number: BigNumber | None
    rating: TimeChart | None
    stars: StackChart | None
    measures: Table | None
    categories: Table | None
    products: Table | None
    not_measured: str


@dataclass(frozen=True)
class ServicePage:
    message: Sentence
    number: BigNumber | None
    reviews: TimeChart | None
    inquiries: TimeChart | None
    measures: Table | None
    curve: CurveChart | None
    delivery: TimeChart | None
    late: Table | None
    themes: Table | None
    not_measured: str


@dataclass(frozen=True)
class MessagesPage:
    message: Sentence
    number: BigNumber | None
    forecast: str
    path: TimeChart | None
    weeks: TimeChart | None
    months: TimeChart | None
    peaks: HeatGrid | None
    roles: Table | None
    unanswered: Table | None
    not_measured: str


@dataclass(frozen=True)
class SellersPage:
    message: Sentence
    number: BigNumber | None
    reconciliation: Table | None
    royalties: Table | None
    ineligible: Table | None
    fastest: Table | None
    slowest: Table | None
    statuses: Table | None
    moves: Table | None
    sales: TimeChart | None
    not_measured: str


@dataclass(frozen=True)
class Definition:
    """An entry of the metric index. `text` is the definition, '' where only its source is given; `page` the anchor of
    its page; `sql_hash` the first digits of the SHA-256 of the text that computes it."""

    metric: str
    title: str
    text: str
    source: str
    page: str
    sql_hash: str = ""


@dataclass(frozen=True)
class Resolution:
    """How a contradiction of the briefs was resolved. `metrics` are those that it bears on, () when all."""

    id: str
    briefs: str
    text: str
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """What a quarterly says of its method. `limits` are those of its charts, `policies` names those that the office has
    changed, `catalogue` leads to the metrics that the report does not print."""

    limits: str
    policies: str
    resolutions: tuple[Resolution, ...]
    pending: Table | None
    catalogue: str
    fingerprint: str


@dataclass(frozen=True)
class EvidencePage:
    message: Sentence
    files: Table | None
    rejects: Table | None
    counts: Table | None
    not_measured: tuple[str, ...]
    definitions: tuple[Definition, ...]
    restatements: Table | None = None
    method: Method | None = None


@dataclass(frozen=True)
class MonthlyFigures:
    """Everything that one monthly report says. A page is None when nothing of it is measured."""

    edition: Edition
    summary: SummaryPage
    customers: CustomersPage | None
    service: ServicePage | None
    messages: MessagesPage | None
    sellers: SellersPage | None
    evidence: EvidencePage
