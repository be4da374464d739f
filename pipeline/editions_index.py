"""The page that lists every edition in a reports folder, newest first, with what lies beside it.

What belongs here: reading what reports have left on the disk, and printing the list. What a report says is in its
`*.figures.json`; nothing here reads published tables. The look is `report_templates/screen.css`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from pipeline.editions import PACK_ENDING
from pipeline.errors import CannotWrite, UserError
from pipeline.figures.numbers import number, printed_in
from pipeline.periods import parse
from pipeline.screen import TEMPLATES, font_faces, stylesheet
from pipeline.settings import Office
from pipeline.whole_files import write_whole

FIGURES = ".figures.json"
GROUPS = {"quarter": "Quarters", "month": "Months", "week": "Weeks"}
#: Files beside a report that its readers open; hashes and figures are for machines.
COMPANIONS = ("csv", "pdf", "xlsx", "zip")
NAMES = {"follow-up": "Follow-up lists"}
STATEMENTS = "statements/index.csv"


@dataclass(frozen=True)
class Link:
    """A file by its address relative to the reports folder. `size` is for people: 412 kB."""

    href: str
    name: str
    size: str


@dataclass(frozen=True)
class ListedEdition:
    """One report of the list. `page` is the address of its HTML, '' when there is none."""

    title: str
    period_label: str
    period_type: str
    last_day: date
    as_of: str
    state: str
    headline: str
    report_hash: str
    page: str
    links: tuple[Link, ...]


def write_index(reports: Path, office: Office) -> Path:
    """Write `index.html` into the reports folder, listing every edition that lies there; return its path.

    The same folder gives the same bytes. A `*.figures.json` that cannot be read is named in the page's last line.
    Raises CannotWrite.
    """
    editions, unread = [], []
    for path in sorted(reports.glob(f"*/*{FIGURES}")):
        try:
            with printed_in(office.locale):
                editions.append(_edition(path, reports, office))
        except (OSError, ValueError, KeyError, TypeError, UserError):
            unread.append(path.relative_to(reports).as_posix())
    editions.sort(key=lambda edition: edition.title)
    editions.sort(key=lambda edition: edition.last_day, reverse=True)
    groups = [
        (period_type, name, [edition for edition in editions if edition.period_type == period_type])
        for period_type, name in GROUPS.items()
    ]
    html = _page(office, [group for group in groups if group[2]], unread)
    index = reports / "index.html"
    try:
        write_whole(index, html.encode())
    except OSError as error:
        raise CannotWrite(f"{index}: {error.strerror}: the reports folder must be writable") from None
    return index


def _page(office: Office, groups: list[tuple[str, str, list[ListedEdition]]], unread: list[str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("index.html")
    parts = {"office": office, "groups": groups, "unread": unread, "stylesheet": stylesheet()}
    words = template.render(**parts, font_faces="")
    return template.render(**parts, font_faces=font_faces(words))


def _edition(path: Path, reports: Path, office: Office) -> ListedEdition:
    """The edition that these figures are of. Raises ValueError, KeyError, TypeError or UserError when they are not."""
    figures = json.loads(path.read_text(encoding="utf-8"))
    edition = figures["edition"]
    period = parse(edition["period_id"], office.fiscal_year_start_month)
    stem = path.name.removesuffix(FIGURES)
    page = path.with_name(f"{stem}.html")
    return ListedEdition(
        title=_text(edition["title"]),
        period_label=_text(edition["period_label"]),
        period_type=period.type,
        last_day=period.end,
        as_of=_text(edition["as_of"]),
        state=_state(edition, period.type),
        headline=_headline(figures),
        report_hash=_text(edition["report_hash"])[:16],
        page=_address(page, reports) if page.exists() else "",
        links=tuple(_links(path.parent, stem, period.id, reports)),
    )


def _state(edition: dict[str, Any], period_type: str) -> str:
    """What the edition says of itself: whether it was issued or is a draft, and whether its period was over."""
    number = int(edition["number"])
    state = f"edition {number}" if edition["is_issued"] else f"draft of edition {number}"
    return state if edition["is_complete"] else f"{state} · {period_type} not complete"


def _headline(figures: dict[str, Any]) -> str:
    return _text(figures["summary"]["headline"]["text"])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _links(folder: Path, stem: str, period_id: str, reports: Path) -> Iterator[Link]:
    """The report's PDF, then whatever else of its period lies in the folder, by name, then the editions issued."""
    report, pack = folder / f"{stem}.pdf", folder / f"{stem}-{PACK_ENDING}"
    if report.exists():
        yield _link(report, "PDF", reports)
    if pack.exists():
        yield _link(pack, "Evidence pack, ZIP", reports)
    for path in sorted(folder.glob(f"*-{period_id}.*")):
        suffix = path.suffix.removeprefix(".")
        if suffix in COMPANIONS and path != report:
            # <brand>-<code>-<what it is>-<period>: the report's own name tells how long the code is
            code = stem.removesuffix(f"-{period_id}").rpartition("-")[0]
            what = path.stem.removesuffix(f"-{period_id}").removeprefix(f"{code}-")
            name = NAMES.get(what, what.replace("-", " ").capitalize())
            yield _link(path, f"{name}, {suffix.upper()}", reports)
    statements = folder / STATEMENTS
    if statements.exists():
        yield _link(statements, "Sellers' statements, list as CSV", reports)
    for kept in sorted(folder.glob(f"edition-*/{stem}.pdf")):
        yield _link(kept, f"{kept.parent.name.replace('-', ' ').capitalize()} as issued, PDF", reports)


def _link(path: Path, name: str, reports: Path) -> Link:
    kilobytes = math.ceil(path.stat().st_size / 1000)
    size = f"{number(kilobytes / 1000, 1)} MB" if kilobytes >= 1000 else f"{kilobytes} kB"
    return Link(_address(path, reports), name, size)


def _address(path: Path, reports: Path) -> str:
    return quote(path.relative_to(reports).as_posix())
