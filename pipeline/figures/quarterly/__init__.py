"""The quarterly report: at most fourteen pages, each the work of a module here.

What belongs here: the report's shape, its title and the order of work. A page that has nothing measured is left out,
and the last page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.figures.edition import edition_of, first_printed, sealed
from pipeline.figures.evidence import evidence_page
from pipeline.figures.model import Edition
from pipeline.figures.pages import EvidencePage
from pipeline.figures.published import Published
from pipeline.figures.quarterly.education_page import EducationPage, education_page
from pipeline.figures.quarterly.expertise_page import ExpertisePage, expertise_page
from pipeline.figures.quarterly.messaging_page import MessagingPage, messaging_page
from pipeline.figures.quarterly.operations_page import OperationsPage, operations_page
from pipeline.figures.quarterly.outlook_page import OutlookPage, outlook_page
from pipeline.figures.quarterly.ratings_page import RatingsPage, ratings_page
from pipeline.figures.quarterly.retention_page import RetentionPage, retention_page
from pipeline.figures.quarterly.royalties_page import RoyaltiesPage, royalties_page
from pipeline.figures.quarterly.satisfaction_page import SatisfactionPage, satisfaction_page
from pipeline.figures.quarterly.scorecard_page import ScorecardPage, scorecard_page
from pipeline.figures.quarterly.summary_page import SummaryPage, summary_page
from pipeline.figures.quarterly.value_page import ValuePage, value_page
from pipeline.figures.quarterly.voice_page import VoicePage, voice_page
from pipeline.figures.restatements import Restated, restatement_table
from pipeline.settings import Office


@dataclass(frozen=True)
class QuarterlyFigures:
    """Everything that one quarterly report says. A page is None when nothing of it is measured."""

    edition: Edition
    summary: SummaryPage
    scorecard: ScorecardPage | None
    satisfaction: SatisfactionPage | None
    ratings: RatingsPage | None
    voice: VoicePage | None
    retention: RetentionPage | None
    value: ValuePage | None
    operations: OperationsPage | None
    messaging: MessagingPage | None
    education: EducationPage | None
    expertise: ExpertisePage | None
    royalties: RoyaltiesPage | None
    outlook: OutlookPage | None
    evidence: EvidencePage


#: The pages between the summary and the evidence, in their order: the field, which is its anchor too, and its maker.
PAGES = (
    ("scorecard", scorecard_page),
    ("satisfaction", satisfaction_page),
    ("ratings", ratings_page),
    ("voice", voice_page),
    ("retention", retention_page),
    ("value", value_page),
    ("operations", operations_page),
    ("messaging", messaging_page),
    ("education", education_page),
    ("expertise", expertise_page),
    ("royalties", royalties_page),
    ("outlook", outlook_page),
)


def quarterly_figures(source: Published, office: Office, changed: Sequence[Restated]) -> QuarterlyFigures:
    """Everything the report of a quarter says. `changed` are the figures of issued editions that it restates."""
    summary = summary_page(source, office)
    pages = {name: page(source, office) for name, page in PAGES}
    printed = first_printed({"summary": summary, **pages})
    evidence = evidence_page(source, office, printed)
    title = f"{office.brand} Quarterly Reviews and Ratings"
    return sealed(
        QuarterlyFigures(
            edition=edition_of(source, office, title, f"{office.code} · Targets and performance"),
            summary=summary,
            **pages,  # type: ignore[arg-type]
            evidence=replace(evidence, restatements=restatement_table(source, changed, printed)),
        )
    )
