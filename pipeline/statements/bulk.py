"""All statements of a period into one folder: in parallel, whole or not at all, and only those that have changed.

What belongs here: which statements must be printed, the processes that print them, and the folder's `index.csv`, by
which the next run knows what stands. What a statement says is `figures.py`'s work, how a page is printed
`printing.py`'s.

A statement is kept when the index has the hash of all its inputs and its file has the SHA-256 of the index. The index
is replaced after every batch, so that a killed run loses at most the batches that were being printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.brand import logo_svg
from pipeline.errors import Busy, CannotWrite
from pipeline.periods import Period
from pipeline.progress import progress
from pipeline.settings import Office
from pipeline.statements.figures import statements_of
from pipeline.statements.index import INDEX, Entry, read_index, sha256_of, write_index
from pipeline.statements.model import Statement
from pipeline.statements.naming import file_stems
from pipeline.statements.printing import inputs_of, typst_inputs
from pipeline.statements.reading import Facts, read_facts
from pipeline.statements.workers import Job, Printed, print_all, sweep

FAILURES_NAMED = 5


class StatementsFailed(Exception):
    """Some statements could not be made; all others stand, and the index says which."""


@dataclass(frozen=True)
class StatementFiles:
    """What stands in the folder for the sellers asked for: the index, their files, how many were printed and kept."""

    index: Path
    files: tuple[Path, ...]
    printed: int
    kept: int


def write_statements(
    published: Path, office: Office, period: Period, folder: Path, *, seller: str = "", is_draft: bool = True
) -> StatementFiles:
    """Print the statements of a month or quarter into `folder`: one seller's, or all and the index of just these.

    Raises UserError (a week, an unknown seller), DeliveryMissing (no royalties), Busy, CannotWrite, DependencyMissing;
    and StatementsFailed at the end, when a seller's could not be made and all others have been.
    """
    facts = read_facts(published, period, seller)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            return _Run(facts, office, folder, is_draft=is_draft, is_whole=not seller).go()
    except Timeout:
        raise Busy(f"{folder}: another run is printing statements there; try again when it is done") from None
    except OSError as error:
        raise CannotWrite(
            f"{error.filename or folder}: {error.strerror}: the reports folder must be writable"
        ) from None


class _Run:
    """One run over a folder: the entries of its index as they become known."""

    def __init__(self, facts: Facts, office: Office, folder: Path, *, is_draft: bool, is_whole: bool) -> None:
        self._facts, self._office, self._folder, self._is_draft = facts, office, folder, is_draft
        self._before = read_index(folder)
        stems = file_stems(facts.royalties)
        self._files = {who: f"{stems[who]}.pdf" for who in facts.sellers}
        there = {f"{stem}.pdf" for stem in stems.values()}
        #: By file. Entries of sellers that this run is not about stay, unless the period has no such seller any more.
        self._entries = {name: entry for name, entry in self._before.items() if name in there}
        self._planned: dict[str, Entry] = {}
        self._gone = self._before.keys() - there if is_whole else set()
        self._failed: dict[str, str] = {}
        self._logo = logo_svg(office.logo) if office.logo else ""
        self._kept = 0

    def go(self) -> StatementFiles:
        """Print what must be, keep the index up to date, tell what failed."""
        sweep(self._folder)
        printed = 0
        for batch in print_all(self._jobs(), self._folder, self._logo):
            printed += sum(self._enter(done) for done in batch)
            write_index(self._folder, self._entries.values())
        for name in sorted(self._gone | {self._files[who] for who in self._failed}):
            (self._folder / name).unlink(missing_ok=True)
        write_index(self._folder, self._entries.values())
        progress(f"{printed:,} statements printed, {self._kept:,} stood already")
        if self._failed:
            raise StatementsFailed(self._failures())
        files = tuple(self._folder / name for name in self._files.values())
        return StatementFiles(self._folder / INDEX, files, printed, self._kept)

    def _jobs(self) -> Iterator[Job]:
        """What must be printed; what stands is entered on the way, and so is what cannot be made."""
        make = statements_of(self._facts, self._office, is_draft=self._is_draft)
        for who, name in self._files.items():
            try:
                statement = make(who)
            except Exception as error:
                self._fail(who, f"{type(error).__name__}: {error}")
                continue
            inputs = typst_inputs(statement)
            entry = _entry(statement, name, inputs_of(inputs, self._logo))
            stood = self._before.get(name)
            if (
                stood
                and stood.sha256
                and (stood.inputs, stood.sha256) == (entry.inputs, sha256_of(self._folder / name))
            ):
                self._entries[name] = replace(entry, sha256=stood.sha256)
                self._kept += 1
                continue
            # It is no entry of the index until it is printed, so that a run after a kill prints it.
            self._entries.pop(name, None)
            self._planned[name] = entry
            yield Job(who, name, inputs)

    def _enter(self, done: Printed) -> bool:
        if done.error:
            self._fail(done.seller_id, done.error)
            return False
        self._entries[done.file] = replace(self._planned[done.file], sha256=done.sha256)
        return True

    def _fail(self, who: str, why: str) -> None:
        self._failed[who] = why
        self._entries[self._files[who]] = Entry(who, self._files[who], status="failed")

    def _failures(self) -> str:
        named = [f"{who!r}: {why}" for who, why in sorted(self._failed.items())[:FAILURES_NAMED]]
        more = len(self._failed) - len(named)
        text = f"{len(self._failed)} of {len(self._files)} statements could not be made; {'; '.join(named)}"
        return f"{text}; and {more} more, marked failed in {self._folder / INDEX}" if more else text


def _entry(statement: Statement, name: str, inputs: str) -> Entry:
    payout = statement.payout
    units, cents = divmod(payout.cents, 100)
    return Entry(statement.seller_id, name, f"{units}.{cents:02d}", payout.currency, payout.status, inputs=inputs)
