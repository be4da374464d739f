"""One report's files, written together: PDF, HTML, figures and evidence pack; and, when issued, the edition they make.

What belongs here: which files a report has, how they are called, and in which order they are written. How they look is
`pipeline.render`'s, where issued editions lie is `pipeline.editions`'.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.editions import PACK_ENDING, Issued, issued_editions, keep_edition
from pipeline.errors import CannotWrite, UserError
from pipeline.evidence_pack import pack_of
from pipeline.figures import figures_json, report_figures
from pipeline.figures.model import Edition
from pipeline.pdf import render_pdf
from pipeline.periods import Period
from pipeline.render import REPORT_NAMES, render_html
from pipeline.screen import screen_html
from pipeline.settings import Office
from pipeline.whole_files import write_whole

#: What a report should have at most.
MOST_PAGES = {"month": 6, "quarter": 14, "week": 2}


@dataclass(frozen=True)
class ReportFiles:
    """What one report left on the disk."""

    pdf: Path
    html: Path
    figures: Path
    pack: Path
    pages: int
    sha256: str
    edition: Edition


def write_report(published: Path, office: Office, period: Period, reports: Path, *, issue: bool = False) -> ReportFiles:
    """Print the report of `period` into `reports/<its id>/`: PDF, HTML, figures and the evidence pack of them, which
    the PDF carries too. To `issue` it keeps them as the next edition besides.

    The same published tables and issued editions give the same bytes. Raises DeliveryMissing (no data in that period),
    DependencyMissing (no Pango), CannotWrite; UserError when there is nothing to issue.
    """
    issued = issued_editions(reports, office.fiscal_year_start_month)
    figures = report_figures(published, office, period, issued, issue=issue)
    if issue:
        _check_issue(figures.edition, issued)
    folder, stem = reports / period.id, office.file_stem(REPORT_NAMES[period.type], period.id)
    files = {suffix: folder / f"{stem}.{suffix}" for suffix in ("pdf", "html", "figures.json")}
    pack = folder / f"{stem}-{PACK_ENDING}"
    html, said = render_html(figures, logo=office.logo), figures_json(figures)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(pack, pack_of(published, period, said))
        pages = render_pdf(html, files["pdf"], pack)
        on_screen = screen_html(html, office.accent, lambda screen: render_html(figures, screen, office.logo))
        write_whole(files["html"], on_screen.encode())
        write_whole(files["figures.json"], said.encode())
        digest = hashlib.sha256(files["pdf"].read_bytes()).hexdigest()
    except OSError as error:
        raise CannotWrite(
            f"{error.filename or folder}: {error.strerror}: the reports folder must be writable"
        ) from None
    edition = figures.edition
    if issue:
        kept = folder / f"edition-{edition.number}"
        record = Issued(period.id, period.type, edition.number, edition.as_of_iso, edition.report_hash, kept)
        keep_edition([*files.values(), pack], record)
    return ReportFiles(files["pdf"], files["html"], files["figures.json"], pack, pages, digest, edition)


def issued_edition(office: Office, period: Period, reports: Path) -> Issued | None:
    """The issued edition that the report of `period` lying there is; None while that is a draft, or not there."""
    path = reports / period.id / f"{office.file_stem(REPORT_NAMES[period.type], period.id)}.figures.json"
    try:
        printed = json.loads(path.read_text(encoding="utf-8"))["edition"]
        number = printed["number"] if printed["is_issued"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    editions = issued_editions(reports, office.fiscal_year_start_month)
    return next((one for one in editions if (one.period_id, one.number) == (period.id, number)), None)


def _check_issue(edition: Edition, issued: Sequence[Issued]) -> None:
    """Raises UserError where the period is not over, or its last edition says the same."""
    if not edition.is_complete:
        raise UserError(f"{edition.period_id} is not over: its last day has not been delivered, so it stays a draft")
    if any(record.period_id == edition.period_id and record.number == edition.number for record in issued):
        raise UserError(f"{edition.period_id}: edition {edition.number} is issued already, and no figure has changed")
