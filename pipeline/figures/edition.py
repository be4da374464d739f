"""What every report has: its edition line, its hash, its figures as JSON, and the metrics that it prints.

What belongs here: what the monthly, the quarterly and the weekly report share as documents. What a page says is the
page's own module's business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, TypeVar

from pipeline.editions import Issued
from pipeline.figures.model import BigNumber, Cell, DataRow, Edition
from pipeline.figures.numbers import instant, safe
from pipeline.figures.published import Published
from pipeline.settings import Office

Figures = TypeVar("Figures")


def edition_of(source: Published, office: Office, title: str, subtitle: str) -> Edition:
    """The edition line of the report of `source`'s period."""
    as_of = source.run.as_of
    return Edition(
        office=safe(office.name, 80),
        brand=safe(office.brand, 40),
        code=safe(office.code, 20),
        accent=office.accent,
        title=safe(title, 120),
        subtitle=safe(subtitle, 160),
        period_id=source.period.id,
        period_type=source.period.type,
        period_label=source.period.label,
        as_of=f"{instant(as_of, office.zone)} {office.time_zone}",
        as_of_iso=f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        is_complete=source.is_complete,
        locale=office.locale,
    )


def sealed(figures: Figures) -> Figures:
    """The figures with their hash in the edition: the SHA-256 of their JSON with no hash, number or state in it."""
    digest = hashlib.sha256(figures_json(figures).encode()).hexdigest()
    return replace(figures, edition=replace(figures.edition, report_hash=digest))  # type: ignore[type-var, attr-defined]


def numbered(figures: Figures, issued: Sequence[Issued], *, issue: bool) -> Figures:
    """The figures with the number and state of their edition: that of the last issued one of their period if they are
    the same figures, else of the next, which is a draft unless it is to `issue`."""
    edition: Edition = figures.edition  # type: ignore[attr-defined]
    own = [record for record in issued if record.period_id == edition.period_id]
    is_same = bool(own) and own[-1].report_hash == edition.report_hash
    number = own[-1].number if is_same else (own[-1].number if own else 0) + 1
    return replace(figures, edition=replace(edition, number=number, is_issued=is_same or issue))  # type: ignore[type-var]


def figures_json(figures: Any) -> str:
    """The figures as canonical JSON: sorted keys, UTF-8. The report's hash is this text's, with its own field empty."""
    return json.dumps(asdict(figures), ensure_ascii=False, sort_keys=True, indent=1)


def cells_in(part: Any) -> Iterator[Cell]:
    """All cells of a page or a report, in reading order."""
    return (found for found in _numbers_in(part) if isinstance(found, Cell))


def metrics_in(part: Any) -> Iterator[str]:
    """The metric ids of all that leads to a definition or to a published number, in reading order."""
    for found in _numbers_in(part):
        keys = found.figures if isinstance(found, DataRow) else (found.figure,)
        named = (found.definition,) if isinstance(found, Cell) else ()
        yield from (key.partition("/")[0] for key in (*named, *keys) if key)


def _numbers_in(part: Any) -> Iterator[Cell | DataRow | BigNumber]:
    if isinstance(part, Cell | DataRow | BigNumber):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _numbers_in(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _numbers_in(getattr(part, field.name))


def first_printed(pages: Mapping[str, Any]) -> dict[str, str]:
    """For each metric id of which the pages print a number or a name, the anchor of the page that does so first.
    `pages` are by anchor."""
    printed: dict[str, str] = {}
    for anchor, page in pages.items():
        for metric in metrics_in(page):
            printed.setdefault(metric, anchor)
    return printed
