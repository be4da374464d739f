"""What intake answers: one outcome for every delivery, and how it is said in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.intake.ledger import Counts

Progress = Callable[[str], None]
Status = Literal["loaded", "skipped", "refused"]


@dataclass(frozen=True)
class FileOutcome:
    """What became of one delivery. Counts are records of the file; `message` says why it was skipped or refused."""

    export: str
    name: str
    status: Status
    rows_in: int = 0
    accepted: int = 0
    superseded: int = 0
    rejected: int = 0
    message: str = ""
    seconds: float = 0.0

    @classmethod
    def of(
        cls, export: str, name: str, status: Status, counts: Counts | None = None, message: str = "", seconds: float = 0
    ) -> FileOutcome:
        c = counts or Counts()
        return cls(export, name, status, c.rows_in, c.accepted, c.superseded, c.rejected, message, seconds)

    def __str__(self) -> str:
        if self.status != "loaded":
            return f"{self.export}: {self.name} {self.status}: {self.message}"
        parts = [f"{self.accepted:,} of {self.rows_in:,} rows"]
        parts += [f"{self.superseded:,} superseded"] * bool(self.superseded)
        parts += [f"{self.rejected:,} rejected"] * bool(self.rejected)
        return f"{self.export}: {self.name}: {', '.join(parts)}"


@dataclass(frozen=True)
class IntakeResult:
    """What became of every delivery that was found, in the order in which they were taken."""

    files: tuple[FileOutcome, ...]

    @property
    def loaded(self) -> tuple[FileOutcome, ...]:
        return tuple(file for file in self.files if file.status == "loaded")

    @property
    def skipped(self) -> tuple[FileOutcome, ...]:
        return tuple(file for file in self.files if file.status == "skipped")

    @property
    def refused(self) -> tuple[FileOutcome, ...]:
        return tuple(file for file in self.files if file.status == "refused")
