"""The processes that print statements: one compiler each, a batch at a time, and none that outlives its parent.

What belongs here: dividing jobs among processes, writing a file by a rename, and getting on when a process dies. What
is printed is `bulk.py`'s to say.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.statements.printing import Printer

BATCH = 40
#: Fewer than this are printed here and now: a process takes half a second to start.
FEWEST_FOR_PROCESSES = 25
_BUILDING = ".build-"


@dataclass(frozen=True)
class Job:
    """A statement to print: its seller, its file's name, and what the template reads."""

    seller_id: str
    file: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class Printed:
    """What became of a job: the file's SHA-256, or why there is none."""

    seller_id: str
    file: str
    sha256: str = ""
    error: str = ""


def print_all(jobs: Iterable[Job], folder: Path, logo: str = "") -> Iterator[list[Printed]]:
    """Print every job, batch by batch as they are done, in no particular order; with the office's logo as SVG text."""
    source = iter(jobs)
    first = list(islice(source, FEWEST_FOR_PROCESSES))
    if len(first) < FEWEST_FOR_PROCESSES:
        if first:
            yield _print_batch(Printer(logo), first, folder)
        return
    lost: list[list[Job]] = []
    with _pool(_cores(), logo) as pool:
        running: dict[Future[list[Printed]], list[Job]] = {}
        batch = first
        while batch:
            try:
                running[pool.submit(_in_process, batch, folder)] = batch
            except BrokenProcessPool:
                lost.append(batch)
            batch = list(islice(source, BATCH))
        for future in as_completed(running):
            try:
                yield future.result()
            except BrokenProcessPool:
                lost.append(running[future])
    for batch in lost:
        yield _by_halves(batch, folder, logo)


def _by_halves(batch: list[Job], folder: Path, logo: str) -> list[Printed]:
    """A batch that was lost with a process, divided until the job that kills a process is alone with it."""
    with _pool(1, logo) as pool:
        try:
            return pool.submit(_in_process, batch, folder).result()
        except BrokenProcessPool:
            pass
    if len(batch) == 1:
        return [Printed(batch[0].seller_id, batch[0].file, error="printing it ends the process")]
    half = len(batch) // 2
    return _by_halves(batch[:half], folder, logo) + _by_halves(batch[half:], folder, logo)


def sweep(folder: Path) -> None:
    """Remove what a killed run left half-written."""
    for orphan in folder.glob(f"{_BUILDING}*"):
        orphan.unlink(missing_ok=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pool(workers: int, logo: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_start, initargs=(logo,))


_printer: Printer | None = None


def _start(logo: str) -> None:
    """Make the process's compiler; an interrupt is its parent's affair, and its parent's death its own."""
    global _printer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _printer = Printer(logo)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_process(batch: list[Job], folder: Path) -> list[Printed]:
    assert _printer is not None
    return _print_batch(_printer, batch, folder)


def _print_batch(printer: Printer, batch: list[Job], folder: Path) -> list[Printed]:
    return [_print(printer, job, folder) for job in batch]


def _print(printer: Printer, job: Job, folder: Path) -> Printed:
    """Print one statement in its file's place. A complaint of the engine is this seller's alone; a full disk is not."""
    try:
        pdf = printer.pdf(job.inputs)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the engine is no Exception
        return Printed(job.seller_id, job.file, error=f"{type(error).__name__}: {error}")
    building = folder / f"{_BUILDING}{job.file}"
    building.write_bytes(pdf)
    building.replace(folder / job.file)
    return Printed(job.seller_id, job.file, hashlib.sha256(pdf).hexdigest())
