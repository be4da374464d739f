"""Where Dagster finds everything: `assets/` autoloaded, with the resources of one data directory and the executor.

What belongs here: the composition, once, by a function that takes what callers vary. Assets, jobs and schedules are in
`assets/`.
"""

from __future__ import annotations

import os

import dagster as dg

from pipeline.resources import OfficeResource, WarehouseResource
from pipeline.settings import PROJECT, DataFolder, default_data_folder


def build(folder: DataFolder) -> dg.Definitions:
    """Every asset, check, job and schedule, bound to one data directory.

    The directory is also put into SCMR17_DATA, by which the autoloaded modules and any child process find it.
    """
    os.environ["SCMR17_DATA"] = str(folder.root)
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=PROJECT / "assets"),
        dg.Definitions(
            resources={
                "warehouse": WarehouseResource(data=str(folder.root)),
                "office": OfficeResource(data=str(folder.root)),
            },
            executor=dg.in_process_executor,
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build(default_data_folder())
