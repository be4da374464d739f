"""The weekly sheet: one or two pages for the Monday after the week, each part the work of a module here.

What belongs here: the sheet's shape, its title and the order of work. What a part says is its own module's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.figures.edition import edition_of, first_printed, sealed
from pipeline.figures.evidence import evidence_page
from pipeline.figures.model import Edition
from pipeline.figures.pages import EvidencePage
from pipeline.figures.published import Published
from pipeline.figures.restatements import Restated, restatement_table
from pipeline.figures.weekly.open_inquiries import WaitingPart, waiting_part
from pipeline.figures.weekly.status_moves import StatusPart, status_part
from pipeline.figures.weekly.summary_page import SheetPage, sheet_page
from pipeline.settings import Office

MOST_RESTATED = 3


@dataclass(frozen=True)
class WeeklyFigures:
    """Everything that one weekly sheet says. A part is None when nothing of it is measured."""

    edition: Edition
    summary: SheetPage
    waiting: WaitingPart | None
    expertise: StatusPart | None
    evidence: EvidencePage


def weekly_figures(source: Published, office: Office, changed: Sequence[Restated]) -> WeeklyFigures:
    """Everything the sheet of a week says. `changed` are the figures of issued editions that it restates."""
    summary = sheet_page(source, office)
    waiting, expertise = waiting_part(source, office), status_part(source)
    printed = first_printed({"summary": summary, "waiting": waiting, "expertise": expertise})
    evidence = replace(
        evidence_page(source, office, printed),
        files=None,
        rejects=None,
        counts=None,
        not_measured=(),
        restatements=restatement_table(source, changed, printed, MOST_RESTATED),
    )
    last_day = source.period.end - timedelta(days=1)
    return sealed(
        WeeklyFigures(
            edition=edition_of(
                source, office, f"{office.brand} Weekly {office.code}", f"{source.period.start} to {last_day}"
            ),
            summary=summary,
            waiting=waiting,
            expertise=expertise,
            evidence=evidence,
        )
    )
