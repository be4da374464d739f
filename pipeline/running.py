"""Executing the named Dagster jobs in this process, on the office's own instance, so that the history is one.

What belongs here: a job's name in, a verdict or a UserError out. What the jobs do is in `assets/`; what a person types
is in `pipeline.cli`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import yaml
from dagster import DagsterInstance

from pipeline.definitions import build
from pipeline.errors import UserError
from pipeline.settings import PROJECT, DataFolder

#: The run's events go to the instance, where the UI shows them; a terminal gets our own lines only.
_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@contextmanager
def office_instance(folder: DataFolder) -> Iterator[DagsterInstance]:
    """The Dagster instance whose state lies under this data directory, configured by the project's `dagster.yaml`.

    The configuration is written there with the directory's own paths, so that `DAGSTER_HOME=<data>/dagster` opens the
    same history in Dagster's UI.
    """
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text(encoding="utf-8"))
    settings["storage"]["sqlite"]["base_dir"] = str(folder.dagster)
    settings["compute_logs"]["config"]["base_dir"] = str(folder.dagster / "compute_logs")
    settings["local_artifact_storage"]["config"]["base_dir"] = str(folder.dagster)
    (folder.dagster / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with DagsterInstance.from_config(str(folder.dagster)) as instance:
        yield instance


def run_job(
    folder: DataFolder, job: str, *, partition_key: str | None = None, run_config: dict[str, Any] | None = None
) -> dg.ExecuteInProcessResult:
    """Run a named job to its end.

    Raises the UserError that a step raised, as it was; any other failure is a bug and comes as it is.
    """
    definitions = build(folder)
    with office_instance(folder) as instance:
        try:
            return definitions.resolve_job_def(job).execute_in_process(
                instance=instance,
                partition_key=partition_key,
                run_config={**_QUIET, **(run_config or {})},
                raise_on_error=True,
            )
        except Exception as error:
            mistake = _user_error(error)
            if mistake is None:
                raise
            raise mistake from None


def _user_error(error: BaseException | None) -> UserError | None:
    """The UserError behind what Dagster raised, however often it was wrapped."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = getattr(error, "user_exception", None) or error.__cause__
    return None
