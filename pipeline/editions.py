"""Editions: what was issued, and what has changed since.

What belongs here: where an issued edition lies (`reports/<period>/edition-<n>/`), its record, and the comparison of its
figures with those published now. A report stays a draft until someone issues it; an issued edition is never written
over. Printing is `pipeline.reporting`'s, the restatements' words and table `pipeline.figures.restatements`'.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from pipeline.errors import CannotWrite, DataRefused
from pipeline.evidence_pack import Pack, read_pack
from pipeline.periods import Period, parse

RECORD = "edition.json"
PACK_ENDING = "evidence.zip"
STATEMENTS = "statements"


@dataclass(frozen=True)
class Issued:
    """The record of an issued edition. `report_hash` is that of its figures, `as_of` what they looked from."""

    period_id: str
    period_type: str
    number: int
    as_of: str
    report_hash: str
    folder: Path

    @cached_property
    def pack(self) -> Pack:
        """Its evidence pack. Raises DataRefused when it is missing or broken."""
        found = sorted(self.folder.glob(f"*{PACK_ENDING}"))
        try:
            return read_pack(found[0])
        except (IndexError, OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise DataRefused(
                f"{self.folder}: the evidence pack of this issued edition is missing or broken ({error}); restore it "
                "from a backup, or remove the folder to forget the edition"
            ) from None


def issued_editions(reports: Path, fiscal_year_start_month: int = 1) -> list[Issued]:
    """Every issued edition below `reports`, by period and number. Raises DataRefused for a broken record."""
    found = []
    for path in sorted(reports.glob(f"*/edition-*/{RECORD}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            issued = Issued(**record, folder=path.parent)
            period = parse(issued.period_id, fiscal_year_start_month)
        except (OSError, ValueError, TypeError) as error:
            raise DataRefused(f"{path}: not the record of an edition ({error}); restore it from a backup") from None
        found.append((period.start, issued.period_type, issued.number, issued))
    return [issued for *_, issued in sorted(found, key=lambda entry: entry[:3])]


def latest_by_period(issued: Sequence[Issued], until: Period) -> list[Issued]:
    """The last edition of each period of that type, up to and including `until`, oldest first."""
    latest = {edition.period_id: edition for edition in issued if edition.period_type == until.type}
    first = until.fiscal_year_start_month
    return [edition for edition in latest.values() if parse(edition.period_id, first).start <= until.start]


def keep_statements(files: Sequence[Path], edition: Issued) -> None:
    """Keep the sellers' issued statements and their index beside the edition, as they were printed first.

    They are links where the disk allows: a statement printed anew is another file, so the kept one stays as it is.
    Raises CannotWrite.
    """
    kept = edition.folder / STATEMENTS
    if kept.exists():
        return
    unfinished = edition.folder / f".{STATEMENTS}.part"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for path in files:
            try:
                (unfinished / path.name).hardlink_to(path)
            except OSError:
                shutil.copy2(path, unfinished / path.name)
        unfinished.rename(kept)
    except OSError as error:
        raise CannotWrite(f"{error.filename or kept}: {error.strerror}: the statements were not kept") from None


def keep_edition(files: Sequence[Path], record: Issued) -> None:
    """Copy the report's files into the edition's folder and write its record last, so that half an edition is none.

    Raises CannotWrite.
    """
    unfinished = record.folder.with_name(f".{record.folder.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for path in files:
            shutil.copy2(path, unfinished / path.name)
        said = {name: value for name, value in asdict(record).items() if name != "folder"}
        (unfinished / RECORD).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        unfinished.rename(record.folder)
    except OSError as error:
        raise CannotWrite(f"{error.filename or record.folder}: {error.strerror}: the edition was not kept") from None
