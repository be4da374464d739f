"""Where tests scratch: in memory, where there is enough, since Dagster's SQLite waits for the disk at every event."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4_000_000_000


def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
