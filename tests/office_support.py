"""Running an office as its users do: by the command, or by the job behind it."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.running import run_job
from pipeline.settings import PROJECT, DataFolder


def scmr17(*arguments: str, data: Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does and hold its exit code against the one that is expected."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments, "--data", str(data)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def nightly(data: Path, **plan: object) -> None:
    """The nightly job in this process, which spares the start of another."""
    run_job(DataFolder(data), "nightly", run_config={"ops": {"plan__periods": {"config": plan}}})
