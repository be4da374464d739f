"""Composes the monthly report's figures: opens what is published, asks each page, and seals the whole with its hash.

What belongs here: the edition line and the order of work. What a page says is the page's own module's business.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.figures.customers import customers_page
from pipeline.figures.evidence import evidence_page
from pipeline.figures.messages import messages_page
from pipeline.figures.model import Cell, Edition, MonthlyFigures
from pipeline.figures.numbers import instant, safe
from pipeline.figures.published import Published, open_published
from pipeline.figures.sellers import sellers_page
from pipeline.figures.service import service_page
from pipeline.figures.summary import summary_page
from pipeline.periods import parse
from pipeline.settings import Office


def monthly_figures(published: Path, office: Office, period_id: str) -> MonthlyFigures:
    """Everything the report of the month `period_id` (`2026-03`) says, from `published/scmr17.duckdb`.

    Raises UserError when `period_id` is no month, DeliveryMissing when the month has no data.
    """
    period = parse(period_id, office.fiscal_year_start_month)
    if period.type != "month":
        raise UserError(f"{period_id!r} is a {period.type}; the monthly report takes a month such as 2026-02")
    with open_published(published, period) as source:
        return _sealed(_figures(source, office))


def figures_json(figures: MonthlyFigures) -> str:
    """The figures as canonical JSON: sorted keys, UTF-8. The report's hash is this text's, with its own field empty."""
    return json.dumps(asdict(figures), ensure_ascii=False, sort_keys=True, indent=1)


def _figures(source: Published, office: Office) -> MonthlyFigures:
    summary = summary_page(source, office)
    customers, service = customers_page(source), service_page(source)
    messages, sellers = messages_page(source), sellers_page(source)
    printed: dict[str, str] = {}
    for anchor, page in (
        ("summary", summary),
        ("customers", customers),
        ("service", service),
        ("messages", messages),
        ("sellers", sellers),
    ):
        for metric in _metrics_in(page):
            printed.setdefault(metric, anchor)
    return MonthlyFigures(
        edition=_edition(source, office),
        summary=summary,
        customers=customers,
        service=service,
        messages=messages,
        sellers=sellers,
        evidence=evidence_page(source, office, printed, _metrics_in(summary)),
    )


def _edition(source: Published, office: Office) -> Edition:
    month = source.period.label.partition(" ")[0]
    as_of = source.run.as_of
    return Edition(
        office=safe(office.name, 80),
        brand=safe(office.brand, 40),
        code=safe(office.code, 20),
        accent=office.accent,
        title=safe(f"{office.brand} Monthly {month} {office.code}", 120),
        subtitle="Reviews, Ratings, Messages and Royalties",
        period_id=source.period.id,
        period_label=source.period.label,
        as_of=f"{instant(as_of, office.zone)} {office.time_zone}",
        as_of_iso=f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        is_complete=source.is_complete,
    )


def _sealed(figures: MonthlyFigures) -> MonthlyFigures:
    digest = hashlib.sha256(figures_json(figures).encode()).hexdigest()
    return replace(figures, edition=replace(figures.edition, report_hash=digest))


def _metrics_in(part: Any) -> list[str]:
    """The metric ids of all cells that lead to a definition, in reading order."""
    if isinstance(part, Cell):
        return [part.definition] if part.definition else []
    if isinstance(part, tuple):
        return [metric for item in part for metric in _metrics_in(item)]
    if hasattr(part, "__dataclass_fields__"):
        return [metric for field in part.__dataclass_fields__ for metric in _metrics_in(getattr(part, field))]
    return []
