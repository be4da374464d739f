"""Where tests scratch, and the offices that several test files read.

Tests scratch in memory, where there is enough, since Dagster's SQLite waits for the disk at every event. An office is
made once for all workers, and nobody writes into it. Each worker has a core of its own: engines that would all have
every core wait for each other.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pipeline.settings import DataFolder

if TYPE_CHECKING:
    from printed_support import Printed

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4_000_000_000

#: The reports that are printed to be read back: a month, a quarter and a week with all stories, the first quarter of
#: all, which has nothing before it, and those of an office with reviews and sales only.
PRINTED = (
    ("sample_office", "2026-03"),
    ("sample_office", "2026-Q1"),
    ("sample_office", "2026-W13"),
    ("sample_office", "2024-Q4"),
    ("bare_office", "2026-03"),
    ("bare_office", "2026-Q1"),
)


#: The files that take longest are handed out first, so that what is left at the end is short. The first makes the
#: sample office, and those after it do not wait for that.
LONGEST = (
    "test_end_to_end", "test_olist", "test_metrics_invariants", "test_accessibility", "test_publishing",
    "test_metrics_plans", "test_render", "test_editions", "test_languages", "test_statements_bulk",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


@pytest.fixture(scope="session")
def sample_office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """The sample marketplace at a tenth of its size after its first `scmr17 run`, with the last month's report."""
    return _made_once(tmp_path_factory, "sample_office", _from_its_sample)


@pytest.fixture(scope="session")
def bare_office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """The same marketplace with reviews and sales only, and who sells what: no messages, no surveys, no returns."""
    return _made_once(tmp_path_factory, "bare_office", _with_reviews_and_sales)


@pytest.fixture(scope="session", params=PRINTED, ids="-".join)
def printed_report(request: pytest.FixtureRequest) -> "Printed":
    """Each of those reports in turn, printed once for all test files."""
    from printed_support import printed  # most test files need no printed report

    office, period_id = request.param
    return printed(request.getfixturevalue(office), period_id)


def _from_its_sample(folder: DataFolder) -> None:
    from office_support import scmr17

    scmr17("sample", "--scale", "0.1", data=folder.root)
    scmr17("run", data=folder.root)


def _with_reviews_and_sales(folder: DataFolder) -> None:
    from office_support import nightly  # most test files need neither Dagster nor the sample

    from pipeline.sample import write_sample

    write_sample(folder.inbox, scale=0.1)
    for export in folder.inbox.iterdir():
        if export.name not in ("reviews", "sales", "sellers", "products"):
            shutil.rmtree(export)
    nightly(folder.root)


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[DataFolder], None]) -> DataFolder:
    """The office of that name, made by the worker that comes first."""
    shared = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = DataFolder(shared / name)
    with FileLock(shared / f"{name}.lock"):
        if not (shared / f"{name}.made").exists():
            folder.prepare()
            make(folder)
            (shared / f"{name}.made").touch()
    return folder
