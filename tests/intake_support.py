"""An office's desk for tests of intake: an inbox to deliver into, a hardened session in memory, and what came of it.

What belongs here: making deliveries and looking at the ledger. Columns that a test is not about are filled in here.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.intake import FileOutcome, IntakeResult, take_in
from pipeline.settings import PROJECT, DataFolder, load_office, load_sources
from pipeline.warehouse import harden, prepare_schemas

SHARED = PROJECT.parent / "shared"
EXPORTED_AT = datetime(2025, 6, 1, 12)

DEFAULTS: dict[str, dict[str, Any]] = {
    "reviews": {
        "review_id": "R1",
        "product_id": "P1",
        "seller_id": "S1",
        "buyer_id": "B1",
        "rating": "5",
        "scale_max": "5",
        "created_at": "2025-01-10 12:00:00",
        "status": "published",
    },
    "messages": {
        "message_id": "M1",
        "conversation_id": "C1",
        "sender_id": "B1",
        "sender_role": "buyer",
        "recipient_id": "S1",
        "sent_at": "2025-01-10 12:00:00",
    },
    "sales": {
        "order_id": "O1",
        "order_line_id": "L1",
        "product_id": "P1",
        "category": "Home",
        "seller_id": "S1",
        "buyer_id": "B1",
        "qty": "1",
        "amount_cents": "1000",
        "currency": "ZAR",
        "ordered_at": "2025-01-10 12:00:00",
        "status": "completed",
    },
    "surveys": {
        "response_id": "A1",
        "respondent_id": "B1",
        "role": "buyer",
        "instrument": "nps",
        "score": "9",
        "scale_min": "0",
        "scale_max": "10",
        "answered_at": "2025-01-10 12:00:00",
    },
    "subscriptions": {"buyer_id": "B1", "event": "opt_out", "at": "2025-01-10 12:00:00"},
}


def row(export: str, **values: Any) -> dict[str, Any]:
    """One row of an export, the columns that the test does not name filled in."""
    return {**DEFAULTS[export], **values}


def csv_text(rows: Iterable[dict[str, Any]], delimiter: str = ",") -> str:
    """Rows as CSV by the standard library; the header is the union of their columns."""
    rows = list(rows)
    names = list(dict.fromkeys(name for one in rows for name in one))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Desk:
    """An office whose inbox takes files and whose warehouse lies in memory."""

    def __init__(self, root: Path) -> None:
        self.folder = DataFolder(root)
        self.folder.prepare()
        self.office = load_office(self.folder)
        self.sources = load_sources(self.folder)
        self.said: list[str] = []
        self.con = duckdb.connect(config={"python_enable_replacements": False, "threads": 2})
        self.con.execute("set variable office_currency = ?", [self.office.currency])
        self.con.execute("set variable office_time_zone = ?", [self.office.time_zone])
        prepare_schemas(self.con)
        harden(self.con, self.folder.root)

    def deliver(self, export: str, name: str, content: str | bytes, at: datetime = EXPORTED_AT) -> Path:
        """Put a file into the inbox, written at `at` (UTC)."""
        path = self.folder.inbox / export / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        seconds = at.replace(tzinfo=UTC).timestamp()
        os.utime(path, (seconds, seconds))
        return path

    def take_in(self) -> IntakeResult:
        return take_in(self.con, self.folder, self.office, self.sources, progress=self.said.append)

    def declare(self, export: str, **settings: Any) -> None:
        """What `sources.toml` would say of an export."""
        self.sources[export] = self.sources[export].model_copy(update=settings)

    def load(
        self, export: str, content: str | bytes, name: str = "file.csv", at: datetime = EXPORTED_AT
    ) -> FileOutcome:
        """Deliver one file and take it in."""
        self.deliver(export, name, content, at)
        return next(outcome for outcome in self.take_in().files if outcome.name == name)

    def load_rows(self, export: str, *rows: dict[str, Any], **more: Any) -> FileOutcome:
        return self.load(export, csv_text(row(export, **values) for values in rows), **more)

    def query(self, sql: str) -> list[tuple]:
        return self.con.execute(sql).fetchall()

    def reasons(self) -> list[tuple]:
        """(line, column, value, rule) of every reason, in order."""
        return self.query("select line, column_name, value, rule from ledger.rejects order by file_id, line, rule")

    def state(self) -> dict[str, list[tuple]]:
        """Everything that stands in `raw`, told by content and not by the order of arrival."""
        from pipeline.contracts import EXPORTS

        return {
            export.name: self.query(
                f"select f.sha256, r.* exclude (_file_id) from raw.{export.name} as r "
                "join ledger.files as f on f.file_id = r._file_id order by all"
            )
            for export in EXPORTS.values()
        }

    def clear(self) -> None:
        """Forget every delivery, for a test that tries many."""
        for (table,) in self.query(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('raw', 'ledger')"
        ):
            self.con.execute(f"delete from {table}")
        for path in self.folder.inbox.glob("*/*"):
            path.unlink()


def unpacked(pack: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of the shared corpora, unpacked; the test is skipped where the corpora are not."""
    import tarfile

    path = SHARED / "corpora" / f"{pack}.tar.xz"
    if not path.exists():
        pytest.skip(f"{path} is not here: the corpora are no part of the repository")
    folder = tmp_path_factory.mktemp(pack)
    with tarfile.open(path) as tar:
        tar.extractall(folder, filter="data")
    return folder
