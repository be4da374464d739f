"""What readers get: the published figures; and of a week, a month or a quarter the report, the follow-up lists, the
annex, the sellers' statements, and the page that leads to them all.

Publishing is `pipeline.publishing`; what a report says is `pipeline.figures`, how it looks `pipeline.render`. Reports
read only what is published, so that they never wait for the warehouse.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import dagster as dg

from assets.models import check_result
from pipeline.annex import write_annex
from pipeline.editions import STATEMENTS, keep_statements
from pipeline.editions_index import write_index
from pipeline.errors import DeliveryMissing
from pipeline.follow_up import write_follow_up
from pipeline.models import AuditFailed, all_models, load_checks
from pipeline.periods import Period, PeriodType, containing
from pipeline.planning import is_unchanged, plan_done
from pipeline.progress import progress
from pipeline.publishing import publish
from pipeline.reporting import MOST_PAGES, issued_edition, write_report
from pipeline.resources import OfficeResource, WarehouseResource
from pipeline.settings import default_data_folder, load_office
from pipeline.statements.bulk import write_statements

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


@dataclass(frozen=True)
class Cadence:
    """How often a report comes: its name, its type of period, its partitions."""

    name: str
    period_type: PeriodType
    partitions: dg.PartitionsDefinition
    fiscal_year_start_month: int

    def period(self, partition_key: str) -> Period:
        """The period of a partition: a month's key is its id, a week's or a quarter's its first day."""
        first = date.fromisoformat(partition_key if self.period_type != "month" else f"{partition_key}-01")
        return containing(first, self.period_type, self.fiscal_year_start_month)

    def key(self, what: str = "") -> dg.AssetKey:
        return dg.AssetKey(["reports", f"{self.name}_{what}" if what else self.name])


def cadences(time_zone: str, fiscal_year_start_month: int) -> list[Cadence]:
    quarters = quarterly_partitions(time_zone, fiscal_year_start_month)
    return [
        Cadence("weekly", "week", weekly_partitions(time_zone), fiscal_year_start_month),
        Cadence("monthly", "month", monthly_partitions(time_zone), fiscal_year_start_month),
        Cadence("quarterly", "quarter", quarters, fiscal_year_start_month),
    ]


def report_assets(time_zone: str, fiscal_year_start_month: int) -> list[dg.AssetsDefinition]:
    """The report assets, partitioned by the office's calendar. A week has no annex and no statements."""
    found = []
    for cadence in cadences(time_zone, fiscal_year_start_month):
        own = [_report_asset(cadence), _follow_up_asset(cadence)]
        if cadence.period_type != "week":
            own += [_annex_asset(cadence), _statements_asset(cadence)]
        found += [*own, _index_asset(cadence, [asset.key for asset in own])]
    return found


class ReportConfig(dg.Config):
    """`issue`: the report is to be the period's next edition, no draft."""

    issue: bool = False


def _report_asset(cadence: Cadence) -> dg.AssetsDefinition:
    @dg.asset(
        key=cadence.key(),
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=cadence.partitions,
        description=f"The {cadence.name} report: PDF, HTML, figures and the evidence pack that proves them.",
        kinds={"pdf", "html"},
    )
    def report(context: dg.AssetExecutionContext, config: ReportConfig, office: OfficeResource) -> dg.MaterializeResult:
        folder, period = office.folder, cadence.period(context.partition_key)
        made = write_report(folder.published, office.office, period, folder.reports, issue=config.issue)
        if config.issue:
            progress(f"issued edition {made.edition.number} of {period.id}")
        progress(f"printed {made.pdf} ({made.pages} pages)")
        if made.pages > MOST_PAGES[period.type]:
            progress(f"that is more than the {MOST_PAGES[period.type]} pages that the report should have")
        return dg.MaterializeResult(
            metadata={
                "pages": made.pages,
                "sha256": made.sha256,
                "edition": f"{made.edition.number}, {'issued' if made.edition.is_issued else 'draft'}",
                "pdf": dg.MetadataValue.path(str(made.pdf)),
                "html": dg.MetadataValue.path(str(made.html)),
            }
        )

    return report


def _follow_up_asset(cadence: Cadence) -> dg.AssetsDefinition:
    @dg.asset(
        key=cadence.key("follow_up"),
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=cadence.partitions,
        description="Whom to write to: low ratings, unanswered inquiries, customers at risk; as CSV and as a workbook.",
        kinds={"csv", "excel"},
    )
    def follow_up(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        folder, period = office.folder, cadence.period(context.partition_key)
        made = write_follow_up(folder.published, office.office, period, folder.reports)
        rows = {path.stem: count for path, count in made.lists.items()}
        return dg.MaterializeResult(metadata={"xlsx": dg.MetadataValue.path(str(made.workbook)), **rows})

    return follow_up


def _annex_asset(cadence: Cadence) -> dg.AssetsDefinition:
    @dg.asset(
        key=cadence.key("annex"),
        group_name="reports",
        deps=[PUBLISHED],
        partitions_def=cadence.partitions,
        description="Every seller, every product and every metric of the period, as a workbook.",
        kinds={"excel"},
    )
    def annex(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        folder, period = office.folder, cadence.period(context.partition_key)
        made = write_annex(folder.published, office.office, period, folder.reports)
        return dg.MaterializeResult(metadata={"xlsx": dg.MetadataValue.path(str(made))})

    return annex


def _statements_asset(cadence: Cadence) -> dg.AssetsDefinition:
    @dg.asset(
        key=cadence.key("statements"),
        group_name="reports",
        deps=[cadence.key()],
        partitions_def=cadence.partitions,
        description="Every seller's royalty statement and scorecard, a page each, and the index of them.",
        kinds={"pdf"},
    )
    def statements(context: dg.AssetExecutionContext, office: OfficeResource) -> dg.MaterializeResult:
        folder, period = office.folder, cadence.period(context.partition_key)
        edition, into = issued_edition(office.office, period, folder.reports), folder.reports / period.id / STATEMENTS
        try:
            made = write_statements(folder.published, office.office, period, into, is_draft=edition is None)
        except DeliveryMissing as missing:
            progress(f"no statements: {missing}")
            return dg.MaterializeResult(metadata={"status": str(missing)})
        if edition is not None:
            keep_statements([*made.files, made.index], edition)
        return dg.MaterializeResult(
            metadata={"dagster/row_count": len(made.files), "statements": dg.MetadataValue.path(str(made.index))}
        )

    return statements


def _index_asset(cadence: Cadence, deps: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=cadence.key("index"),
        group_name="reports",
        deps=deps,
        partitions_def=cadence.partitions,
        description="The page that leads to every edition there is.",
        kinds={"html"},
    )
    def index(office: OfficeResource) -> dg.MaterializeResult:
        made = write_index(office.folder.reports, office.office)
        return dg.MaterializeResult(metadata={"index": dg.MetadataValue.path(str(made))})

    return index


@dg.definitions
def defs() -> dg.Definitions:
    office = load_office(default_data_folder())
    return dg.Definitions(assets=[published, *report_assets(office.time_zone, office.fiscal_year_start_month)])
