"""The exports as Dagster sees them: one asset each, taken in together, since one pass over the inbox serves them all.

Reading, checking and loading is `pipeline.intake`.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipeline.contracts import EXPORTS
from pipeline.errors import DataRefused
from pipeline.intake import FileOutcome, IntakeResult, take_in, take_in_platform
from pipeline.progress import progress
from pipeline.resources import WarehouseResource


class IntakeConfig(dg.Config):
    """What to take in: the inbox or, when a platform is named, the files of that platform in a folder."""

    platform: str = ""
    folder: str = ""


@dg.multi_asset(
    name="intake",
    specs=[
        dg.AssetSpec(
            ["raw", export.name],
            group_name="raw",
            description=f"{export.title}: rows that keep their contract, newest export first.",
            kinds={"duckdb"},
        )
        for export in EXPORTS.values()
    ],
)
def intake(config: IntakeConfig, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Take in every new delivery. One that is refused stops no other, but nothing is computed until a person has mended
    or removed it: figures without it would be wrong in silence."""
    con, folder = warehouse.con, warehouse.folder
    if config.platform:
        result = take_in_platform(
            con, folder, warehouse.office, config.platform, Path(config.folder), progress=progress
        )
    else:
        result = take_in(con, folder, warehouse.office, warehouse.sources, progress=progress)
    for export in EXPORTS:
        row = con.execute(f"select count(*) from raw.{export}").fetchone()
        yield dg.MaterializeResult(
            asset_key=["raw", export],
            metadata={
                "dagster/row_count": row[0] if row else 0,
                "deliveries": dg.MetadataValue.md(_table(result, export)),
            },
        )
    if result.refused:
        reasons = "\n".join(f"  {o.export}/{o.name}: {o.message}" for o in result.refused)
        raise DataRefused(
            f"{len(result.refused)} of {len(result.files)} deliveries refused:\n{reasons}\n"
            "The others are taken in. Mend or remove these and run again; the last published figures stand."
        )


def _table(result: IntakeResult, export: str) -> str:
    """The deliveries of one export as a Markdown table."""
    rows = [_line(outcome) for outcome in result.files if outcome.export == export]
    if not rows:
        return "No new delivery."
    head = "| file | status | rows in | accepted | superseded | rejected |\n|---|---|---:|---:|---:|---:|"
    return "\n".join([head, *rows])


def _line(o: FileOutcome) -> str:
    return f"| {o.name} | {o.status} | {o.rows_in} | {o.accepted} | {o.superseded} | {o.rejected} |"
