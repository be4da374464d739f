"""The office's own exports, from the inbox to the warehouse, one file at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipeline.contracts import EXPORTS
from pipeline.errors import DataRefused
from pipeline.intake import ledger
from pipeline.intake.checks import Reading
from pipeline.intake.csv_files import Dialect
from pipeline.intake.formats import recognise
from pipeline.intake.header import Expected
from pipeline.intake.landing import Landed, find_deliveries, land
from pipeline.intake.ledger import Counts
from pipeline.intake.loading import TooManyRejects, load_stage
from pipeline.intake.outcomes import FileOutcome, IntakeResult, Progress
from pipeline.intake.readers import read_file
from pipeline.intake.session import intake_session
from pipeline.settings import DataFolder, Office, Source
from pipeline.warehouse import transaction


def take_in(
    con: duckdb.DuckDBPyConnection,
    folder: DataFolder,
    office: Office,
    sources: Mapping[str, Source],
    *,
    progress: Progress,
) -> IntakeResult:
    """Take in every delivery of `inbox/<export>/` that is new. A refused file stops nothing but itself.

    Raises CannotWrite when the data directory is full or not writable.
    """
    outcomes = []
    with intake_session(con, folder) as work:
        sizes = ledger.known_sizes(con)
        for delivery in find_deliveries(folder.inbox, list(EXPORTS)):
            started = time.monotonic()
            export, name = delivery.export, delivery.name
            try:
                landed = land(delivery, folder.landing, sizes)
            except DataRefused as error:
                outcome = FileOutcome.of(export, name, "refused", message=str(error))
            else:
                outcome = _take_landed(con, landed, office, sources[export], work, started, progress)
            outcomes.append(outcome)
            if outcome.status != "skipped":
                progress(str(outcome))
    result = IntakeResult(tuple(outcomes))
    if result.skipped:
        progress(f"{len(result.skipped)} files were taken in before and are left alone")
    return result


def _take_landed(
    con: duckdb.DuckDBPyConnection,
    landed: Landed,
    office: Office,
    source: Source,
    work: Path,
    started: float,
    progress: Progress,
) -> FileOutcome:
    export, name, format_name = EXPORTS[landed.delivery.export], landed.delivery.name, ""
    if ledger.is_loaded(con, landed.sha256, export.name, ""):
        return FileOutcome.of(export.name, name, "skipped", message="these bytes were taken in before")
    progress(f"{export.name}: reading {name} ({landed.bytes / 1e6:,.1f} MB)")
    try:
        file_format = recognise(landed.path, name)
        format_name = file_format.name
        expected = Expected.of(export, source.columns)
        dialect = Dialect(source.encoding, source.delimiter)
        stage = read_file(con, landed.path, name, file_format, dialect, expected, work)
        reading = Reading(source.time_zone or office.time_zone, source.date_format, landed.exported_at)
        counts = load_stage(
            con, landed, export, stage, reading, reject_limit=source.reject_limit, format_name=format_name
        )
    except TooManyRejects as error:
        return FileOutcome.of(export.name, name, "refused", error.counts, str(error), time.monotonic() - started)
    except DataRefused as error:
        with transaction(con):
            file_id = ledger.next_id(con)
            ledger.record_refusal(con, file_id, landed, export.name, format_name, str(error), Counts())
        return FileOutcome.of(export.name, name, "refused", None, str(error), time.monotonic() - started)
    return FileOutcome.of(export.name, name, "loaded", counts, seconds=time.monotonic() - started)
