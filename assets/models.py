"""The plan, and every table that `sql/` or `pipeline.analyses` defines, as assets with their checks.

Building and auditing is `pipeline.models`; a new SQL file becomes an asset by being there.
"""

from collections.abc import Iterator

import dagster as dg

from pipeline.contracts import EXPORTS
from pipeline.model import Model
from pipeline.models import Audit, AuditFailed, all_models, build, load_checks
from pipeline.planning import is_unchanged, local, make_plan, parse_instant
from pipeline.progress import progress
from pipeline.resources import WarehouseResource

PLAN = dg.AssetKey(["plan", "periods"])


class PlanConfig(dg.Config):
    """`as_of`: the instant to look from, a local day or an ISO time; empty: as far as the deliveries reach.
    `full`: compute every period again."""

    as_of: str = ""
    full: bool = False


@dg.asset(
    key=PLAN,
    group_name="plan",
    deps=[["raw", export] for export in EXPORTS],
    description="The instant that this run looks from, and the weeks, months and quarters that it computes.",
    kinds={"duckdb"},
)
def plan(config: PlanConfig, warehouse: WarehouseResource) -> dg.MaterializeResult:
    as_of = parse_instant(config.as_of, warehouse.office) if config.as_of else None
    made = make_plan(warehouse.con, warehouse.folder, warehouse.office, as_of=as_of, full=config.full)
    as_of_local = f"{local(made.as_of, warehouse.office):%Y-%m-%d %H:%M} {warehouse.office.time_zone}"
    progress(f"planned {len(made.periods)} of {len(made.all_periods)} periods, as of {as_of_local}: {made.why}")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(made.periods),
            "as_of": made.as_of.isoformat(),
            "why": made.why,
            "periods": ", ".join(period.id for period in made.periods if period.type != "week") or "none",
        }
    )


def model_asset(model: Model) -> dg.AssetsDefinition:
    """One table as an asset: a failed check is recorded, materializes nothing and stops what reads the table."""
    key = dg.AssetKey([model.schema, model.name])
    names = ["grain", *(check.name for check in load_checks() if check.of == model.table)]
    descriptions = {check.name: check.description for check in load_checks()}

    @dg.multi_asset(
        name=f"{model.schema}__{model.name}",
        specs=[
            dg.AssetSpec(
                key,
                deps=[PLAN, *_keys(model)],
                group_name=model.schema,
                description=model.description,
                code_version=model.sha256,
                kinds={"duckdb", "python" if model.is_python else "sql"},
                skippable=True,
                metadata={"grain": ", ".join(model.grain)},
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                name,
                asset=key,
                blocking=True,
                description=descriptions.get(name, f"One row for each {', '.join(model.grain)}."),
            )
            for name in names
        ],
    )
    def _asset(warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        con = warehouse.con
        if is_unchanged(con):
            for name in names:
                yield dg.AssetCheckResult(check_name=name, passed=True, metadata={"status": "nothing changed"})
            yield dg.MaterializeResult(asset_key=key, metadata={"status": "nothing changed"})
            return
        try:
            built = build(con, model, warehouse.folder.settled_config)
        except AuditFailed as failure:
            yield from (check_result(audit) for audit in failure.audits)
            raise
        yield from (check_result(audit) for audit in built.audits)
        preview = con.execute(f"select * from {model.table} limit 8")
        columns = [column[0] for column in preview.description]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": built.rows,
                "rows built": built.built,
                "preview": dg.MetadataValue.md(_markdown(columns, preview.fetchall())),
            },
        )

    return _asset


def _keys(model: Model) -> list[dg.AssetKey]:
    """The assets among the tables that a model reads."""
    tables = (table.split(".") for table in sorted(model.reads))
    return [dg.AssetKey(table) for table in tables if table[0] in ("raw", "core", "metrics")]


def check_result(audit: Audit) -> dg.AssetCheckResult:
    """An audit as Dagster records it, with its first offending rows."""
    metadata: dict[str, int | dg.MarkdownMetadataValue] = {"rows": audit.rows}
    if audit.sample:
        rows = [tuple(row.values()) for row in audit.sample]
        metadata["sample"] = dg.MetadataValue.md(_markdown(list(audit.sample[0]), rows))
    return dg.AssetCheckResult(
        check_name=audit.check, passed=audit.passed, description=audit.description, metadata=metadata
    )


def _markdown(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    def cell(value: object) -> str:
        return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")[:60]

    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(cell, row))} |" for row in rows)])


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(assets=[plan, *(model_asset(model) for model in all_models())])
