"""The named jobs and when they run, in the office's time zone.

What belongs here: which assets a job has, and which period a tick asks for. The reports' jobs read what the nightly one
published, through data at rest, never through its run's status.
"""

from datetime import datetime

import dagster as dg

from assets.reports import report_assets
from pipeline.periods import Period, PeriodType, containing
from pipeline.settings import default_data_folder, load_office

REPORTS = dg.AssetSelection.groups("reports")

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all() - REPORTS,
    description="Take in every new delivery, compute what it touches, check it and publish.",
)
load = dg.define_asset_job(
    "load",
    selection=dg.AssetSelection.groups("raw"),
    description="Take in every new delivery, or a platform's files, and compute nothing.",
)


def _keys(name: str) -> list[dg.AssetKey]:
    """The report of that name and all that comes with it."""
    return [asset.key for asset in report_assets("UTC", 1) if asset.key.path[1].split("_")[0] == name]


weekly, monthly, quarterly = (
    dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*_keys(name)),
        description=f"Print the {name} report and all that comes with it: lists, annex, statements, index.",
    )
    for name in ("weekly", "monthly", "quarterly")
)


def period_before(tick: datetime, period_type: PeriodType, fiscal_year_start_month: int) -> Period:
    """The last period that was over when a schedule ticked, by the tick's own local time, never the wall clock."""
    return containing(tick.date(), period_type, fiscal_year_start_month).previous


def partition_key(period: Period) -> str:
    """The key of a period's partition: a month's id, the first day of a week or a quarter."""
    return period.id if period.type == "month" else period.start.isoformat()


def report_schedule(
    job_name: str, period_type: PeriodType, cron: str, time_zone: str, fiscal_start: int
) -> dg.ScheduleDefinition:
    """A schedule that asks for the period before each tick."""

    @dg.schedule(
        name=f"{job_name}_schedule",
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone=time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Asks for the {period_type} before the tick.",
    )
    def _schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        period = period_before(context.scheduled_execution_time, period_type, fiscal_start)
        return dg.RunRequest(partition_key=partition_key(period), tags={"reports/period": period.id})

    return _schedule


def schedules(time_zone: str, fiscal_start: int) -> list[dg.ScheduleDefinition]:
    """Nightly at 02:00; weekly on Mondays, monthly on the 2nd, quarterly on the 3rd of a quarter's first month, at
    06:00."""
    first_months = sorted((fiscal_start - 1 + 3 * quarter) % 12 + 1 for quarter in range(4))
    quarter_cron = f"0 6 3 {','.join(map(str, first_months))} *"
    return [
        dg.ScheduleDefinition(
            name="nightly_schedule",
            job=nightly,
            cron_schedule="0 2 * * *",
            execution_timezone=time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        report_schedule("weekly", "week", "0 6 * * 1", time_zone, fiscal_start),
        report_schedule("monthly", "month", "0 6 2 * *", time_zone, fiscal_start),
        report_schedule("quarterly", "quarter", quarter_cron, time_zone, fiscal_start),
    ]


@dg.definitions
def defs() -> dg.Definitions:
    office = load_office(default_data_folder())
    return dg.Definitions(
        jobs=[nightly, load, weekly, monthly, quarterly],
        schedules=schedules(office.time_zone, office.fiscal_year_start_month),
    )
