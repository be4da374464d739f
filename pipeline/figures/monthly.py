"""Composes the monthly report's figures: opens what is published, asks each page, and seals the whole with its hash.

What belongs here: the title and the order of work. What a page says is the page's own module's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.figures.customers import customers_page
from pipeline.figures.edition import cells_in, edition_of, first_printed, sealed
from pipeline.figures.evidence import evidence_page
from pipeline.figures.messages import messages_page
from pipeline.figures.pages import MonthlyFigures
from pipeline.figures.published import Published
from pipeline.figures.restatements import Restated, restatement_table
from pipeline.figures.sellers import sellers_page
from pipeline.figures.service import service_page
from pipeline.figures.summary import summary_page
from pipeline.settings import Office


def monthly_figures(source: Published, office: Office, changed: Sequence[Restated]) -> MonthlyFigures:
    """Everything the report of a month says. `changed` are the figures of issued editions that it restates."""
    summary = summary_page(source, office)
    customers, service = customers_page(source), service_page(source)
    messages, sellers = messages_page(source), sellers_page(source)
    pages = {"summary": summary, "customers": customers, "service": service, "messages": messages, "sellers": sellers}
    printed = first_printed(pages)
    named = {cell.definition for cell in cells_in(tuple(pages.values()))}
    evidence = evidence_page(source, office, printed, named)
    title = f"{office.brand} Monthly {source.period.start:%B} {office.code}"
    return sealed(
        MonthlyFigures(
            edition=edition_of(source, office, title, "Reviews, Ratings, Messages and Royalties"),
            summary=summary,
            customers=customers,
            service=service,
            messages=messages,
            sellers=sellers,
            evidence=replace(evidence, restatements=restatement_table(source, changed, printed)),
        )
    )
