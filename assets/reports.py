"""What readers get: the published figures, the monthly report, and the figures of a week or a quarter as a table.

Publishing is `pipeline.publishing`; what a report says is `pipeline.figures`, how it looks `pipeline.render`. Reports
read only what is published, so that they never wait for the warehouse.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.models import check_result
from pipeline.extracts import write_extract
from pipeline.models import AuditFailed, all_models, load_checks
from pipeline.periods import Period, containing, parse
from pipeline.planning import is_unchanged, plan_done
from pipeline.progress import progress
from pipeline.publishing import publish
from pipeline.render import write_report
from pipeline.resources import OfficeResource, WarehouseResource
from pipeline.settings import default_data_folder, load_office

PUBLISHED = dg.AssetKey(["published", "metrics"])
#: The first day of the first partition: before any marketplace's exports that we have met.
FIRST_DAY = "2010-01-01"


CHECKS = [check for check in load_checks() if check.of == "plan.published"]


@dg.asset(
    key=PUBLISHED,
    group_name="published",
    deps=[dg.AssetKey([model.schema, model.name]) for model in all_models()],
    description="Every figure with its interval, reason, target and verdict, as Parquet and as a DuckDB file.",
    kinds={"duckdb", "parquet"},
    check_specs=[
        dg.AssetCheckSpec(check.name, asset=PUBLISHED, blocking=True, description=check.description) for check in CHECKS
    ],
)
def published(warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    con, folder = warehouse.con, warehouse.folder
    if is_unchanged(con) and (folder.published / "scmr17.duckdb").exists():
        progress("nothing changed: the published figures stand")
        for check in CHECKS:
            yield dg.AssetCheckResult(check_name=check.name, passed=True, metadata={"status": "nothing changed"})
        yield dg.MaterializeResult(metadata={"status": "nothing changed"})
        return
    try:
        made = publish(con, folder, all_models())
    except AuditFailed as failure:
        yield from (check_result(audit) for audit in failure.audits)
        raise
    plan_done(con)
    progress(f"published {made.rows:,} figures in {made.parquet.parent}")
    yield from (check_result(audit) for audit in made.audits)
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.rows,
            "parquet": dg.MetadataValue.path(str(made.parquet)),
            "database": dg.MetadataValue.path(str(made.database)),
        }
    )


def monthly_partitions(time_zone: str) -> dg.MonthlyPartitionsDefinition:
    """Months, keyed as their period id: `2026-02`; the running one too, since it may be looked at before it is over."""
    return dg.MonthlyPartitionsDefinition(FIRST_DAY[:7], fmt="%Y-%m", timezone=time_zone, end_offset=1)


def weekly_partitions(time_zone: str) -> dg.TimeWindowPartitionsDefinition:
    """ISO weeks, keyed by their Monday: Dagster must be able to read a key back as a day."""
    return dg.TimeWindowPartitionsDefinition(
        start=FIRST_DAY, fmt="%Y-%m-%d", cron_schedule="0 0 * * 1", timezone=time_zone, end_offset=1
    )


def quarterly_partitions(time_zone: str, fiscal_year_start_month: int) -> dg.TimeWindowPartitionsDefinition:
    """Fiscal quarters, keyed by their first day."""
    months = sorted((fiscal_year_start_month - 1 + 3 * quarter) % 12 + 1 for quarter in range(4))
    return dg.TimeWindowPartitionsDefinition(
        start=FIRST_DAY,
        fmt="%Y-%m-%d",
        cron_schedule=f"0 0 1 {','.join(map(str, months))} *",
        timezone=time_zone,
        end_offset=1,
    )


def report_assets(time_zone: str, fiscal_year_start_month: int) -> list[dg.AssetsDefinition]:
    """The report assets, partitioned by the office's calendar."""

    @dg.asset(
        key=["reports", "monthly"],
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=monthly_partitions(time_zone),
        description="The SCMR-17 monthly report: one PDF of at most six pages, with its HTML and figures.",
        kinds={"pdf"},
    )
    def monthly(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        made = write_report(office.folder.published, office.office, parse(context.partition_key), office.folder.reports)
        progress(f"printed {made.pdf} ({made.pages} pages)")
        return dg.MaterializeResult(
            metadata={
                "pages": made.pages,
                "sha256": made.sha256,
                "pdf": dg.MetadataValue.path(str(made.pdf)),
                "html": dg.MetadataValue.path(str(made.html)),
            }
        )

    @dg.asset(
        key=["reports", "weekly_figures"],
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=weekly_partitions(time_zone),
        description="Every figure of one week with its verdict, as CSV.",
        kinds={"csv"},
    )
    def weekly_figures(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        return _extract(office, containing(date.fromisoformat(context.partition_key), "week"))

    @dg.asset(
        key=["reports", "quarterly_figures"],
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=quarterly_partitions(time_zone, fiscal_year_start_month),
        description="Every figure of one quarter with its verdict, as CSV.",
        kinds={"csv"},
    )
    def quarterly_figures(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        first = date.fromisoformat(context.partition_key)
        return _extract(office, containing(first, "quarter", fiscal_year_start_month))

    return [monthly, weekly_figures, quarterly_figures]


def _extract(office: OfficeResource, period: Period) -> dg.MaterializeResult:
    path, rows = write_extract(office.folder, period)
    progress(f"wrote {path}")
    return dg.MaterializeResult(metadata={"dagster/row_count": rows, "csv": dg.MetadataValue.path(str(path))})


@dg.definitions
def defs() -> dg.Definitions:
    office = load_office(default_data_folder())
    return dg.Definitions(assets=[published, *report_assets(office.time_zone, office.fiscal_year_start_month)])
