"""What readers open: `published/metrics.parquet` and `published/scmr17.duckdb`, replaced whole at the end of a run.

What belongs here: joining every metric family with its target, suppressing what is too small to show (METRICS.md 0.7),
and swapping the files by a rename, so that no reader ever waits for the writer or sees half a run. Judging against a
target is `pipeline.targets`' work; printing is the reports'.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.catalogue import load_catalogue
from pipeline.errors import DeliveryMissing
from pipeline.model import Model
from pipeline.models import Audit, AuditFailed, audit_table
from pipeline.settings import DataFolder
from pipeline.targets import EVIDENCE, RAG, load_targets, write_targets
from pipeline.warehouse import harden, transaction

#: The published columns, in order: an interface that never changes (issue 2).
COLUMNS = (
    "period_id", "period_type", "period_start", "period_end", "scope", "entity_id", "metric", "value", "numerator",
    "denominator", "n", "low", "high", "reason", "target", "rag", "evidence", "as_of",
)  # fmt: skip

#: Below this many cases a share or a score is not shown, and a product's average not below its own smaller floor.
SMALLEST_DENOMINATOR = 10
SMALLEST_RATINGS = 3

#: The scopes whose parts make up the whole: there a hidden part is what the whole has and the shown parts have not.
_PARTS = ("seller", "product", "category", "touchpoint")

#: Counts of some among n cases: of a part they are hidden as the shares of the same cases are, which they would give
#: away. What is not unanswered is answered; who has two negative ratings of two has no positive one.
_COUNTS_OF_CASES = ("unanswered_inquiries", "negative_review_count")

#: The fewest cases of a shown value of row `m`, by the unit of its catalogue row `c`; null: it is always shown. Cases
#: are n, or the denominator where that is fewer: of a share of money the denominator is cents.
_FEWEST = f"""
    case
        when c.metric in {_COUNTS_OF_CASES} and m.scope in {_PARTS} and m.n > 0 then {SMALLEST_DENOMINATOR}
        when c.unit = 'stars' then {SMALLEST_RATINGS}
        when c.unit in ('share', 'points', 'mean 1–5', 'mean 1–7', '0–100') then {SMALLEST_DENOMINATOR}
    end
"""

_JUDGED = f"""
create or replace temp table judged as
select
    p.period_id, p.period_type, p.period_start, p.period_end, m.scope, m.entity_id, m.metric,
    m.value, m.numerator, m.denominator, m.n, m.low, m.high, m.reason,
    t.value::double as target,
    {RAG} as rag,
    {EVIDENCE} as evidence,
    m.value is not null and coalesce(least(m.denominator, m.n) < {_FEWEST}, false) as is_small
from (select *, metric in (select metric from ref.catalogue where unit = 'share') as is_ratio from every_metric) as m
join plan.all_periods as p using (period_id)
join ref.catalogue as c on c.metric = m.metric
left join current_targets as t on t.metric = m.metric and t.period_id = m.period_id and m.scope = 'all'
"""

#: Secondary suppression: where small parts are hidden, the smallest shown ones go with them until at least two parts,
#: of enough cases together, are unknown. Otherwise the whole less what is shown would give the hidden one away.
_HIDDEN = f"""
create or replace temp table hidden as
with parts as (
    select
        m.period_id, m.metric, m.scope, m.entity_id, m.is_small,
        least(m.denominator, m.n) as cases,
        {_FEWEST} as fewest
    from judged as m
    join ref.catalogue as c using (metric)
    where m.value is not null and {_FEWEST} is not null and m.scope in {_PARTS}
),

groups as (
    select period_id, metric, scope, count(*) as parts, sum(cases) as cases
    from parts where is_small group by all
),

shown as (
    select
        p.*,
        g.parts + row_number() over smallest_first - 1 as hidden_parts,
        g.cases + sum(p.cases) over smallest_first - p.cases as hidden_cases
    from parts as p
    join groups as g using (period_id, metric, scope)
    where not p.is_small
    window smallest_first as (
        partition by p.period_id, p.metric, p.scope order by p.cases, p.entity_id rows unbounded preceding
    )
)

select period_id, metric, scope, entity_id
from shown
where hidden_parts < 2 or hidden_cases < fewest
"""

_PUBLISHED = """
create or replace table plan.published as
with decided as (
    select j.*, j.is_small or h.metric is not null as is_suppressed
    from judged as j
    left join hidden as h using (period_id, metric, scope, entity_id)
)
select
    period_id, period_type, period_start, period_end, scope, entity_id, metric,
    case when not is_suppressed then value end as value,
    case when not is_suppressed then numerator end as numerator,
    case when not is_suppressed then denominator end as denominator,
    n,
    case when not is_suppressed then low end as low,
    case when not is_suppressed then high end as high,
    case when is_suppressed then 'suppressed' else reason end as reason,
    target,
    case when not is_suppressed then rag end as rag,
    case when not is_suppressed then evidence end as evidence,
    (select as_of from plan.run) as as_of
from decided
order by period_type, period_start, scope, entity_id, metric
"""

#: The newest version of each target that was in force when the period began.
_CURRENT_TARGETS = """
create or replace temp view current_targets as
select t.*, p.period_id
from ref.targets as t
join plan.all_periods as p on t.period_type in ('all', p.period_type) and t.effective_from <= p.period_start
qualify row_number() over (
    partition by t.metric, p.period_id
    order by t.period_type = 'all', t.effective_from desc, t.version desc
) = 1
"""


@dataclass(frozen=True)
class Published:
    """What now stands in `published/`, and the audits of the whole that let it through."""

    parquet: Path
    database: Path
    rows: int
    audits: tuple[Audit, ...]


def publish(con: duckdb.DuckDBPyConnection, folder: DataFolder, models: tuple[Model, ...]) -> Published:
    """Write both files beside the old ones and swap them in.

    A reader that has the old file open keeps it; a kill leaves the old files and an orphan in `published/` that the
    next run sweeps. Raises BadConfiguration for a bad `targets.csv`, and AuditFailed, with the old files in place, when
    a check of the figures as a whole finds rows that must not be.
    """
    parquet = folder.published / "metrics.parquet"
    database = folder.published / "scmr17.duckdb"
    for orphan in folder.published.glob(".build-*"):
        orphan.unlink()
    with transaction(con):
        write_targets(con, load_targets(folder.settled_config / "targets.csv"))
        write_catalogue(con)
        con.execute(_CURRENT_TARGETS)
        long_tables = [model.table for model in models if model.is_long]
        union = " union all by name ".join(f"select * from {table}" for table in long_tables)
        con.execute(f"create or replace temp view every_metric as {union}")
        for statement in (_JUDGED, _HIDDEN, _PUBLISHED):
            con.execute(statement)
        audits = audit_table(con, "plan.published")
        if not all(audit.passed for audit in audits):
            raise AuditFailed("plan.published", audits)
    building = folder.published / ".build-metrics.parquet"
    columns = ", ".join(COLUMNS)
    con.execute(
        f"copy (select {columns} from plan.published) to '{_quoted(building)}' (format parquet, compression zstd)"
    )
    building_database = folder.published / ".build-scmr17.duckdb"
    _write_database(con, building_database, models)
    _swap(building, parquet)
    _swap(building_database, database)
    row = con.execute("select count(*) from plan.published").fetchone()
    assert row is not None
    return Published(parquet, database, int(row[0]), audits)


def write_catalogue(con: duckdb.DuckDBPyConnection) -> None:
    """Replace `ref.catalogue` by what `sql/metrics/catalogue.csv` says."""
    con.execute(
        "create or replace table ref.catalogue (metric varchar, family varchar, title varchar, unit varchar, "
        "better varchar, periods varchar, scopes varchar, interval varchar, needs varchar, definition varchar, "
        "source varchar)"
    )
    for m in load_catalogue():
        values = [m.metric, m.family, m.title, m.unit, m.better, " ".join(m.periods), " ".join(m.scopes), m.interval]
        con.execute(
            "insert into ref.catalogue values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, " ".join(m.needs), m.definition, m.source],
        )


def _write_database(con: duckdb.DuckDBPyConnection, path: Path, models: tuple[Model, ...]) -> None:
    own_tables = {
        model.name: f"select * from {model.table}"
        for model in models
        if model.schema == "metrics" and not model.is_long
    }
    tables = {
        "metrics": f"select {', '.join(COLUMNS)} from plan.published",
        "catalogue": f"""
            select c.*, h.sql_sha256
            from ref.catalogue as c
            left join (values {_hashes(models)}) as h (family, sql_sha256) using (family)
            order by c.rowid
        """,
        "targets": "select * from ref.targets",
        "policies": "select * from ref.policies",
        "run": "select * exclude (is_full, why) from plan.run",
        "periods": "select * from plan.all_periods order by period_type, period_start",
        "sellers": "select * from core.sellers order by seller_id",
        "products": "select * from core.products order by product_id",
        "files": "select * from ledger.files order by file_id",
        "rejects": """
            select r.export, f.name as file_name, r.column_name, r.rule, r.reason, count(distinct r.line) as rows
            from ledger.rejects as r join ledger.files as f using (file_id)
            where f.status = 'loaded' group by all order by rows desc, r.export, file_name, r.rule, r.reason
        """,
        "anomalies": """
            select a.export, f.name as file_name, a.rule, a.reason, a.rows
            from ledger.anomalies as a join ledger.files as f using (file_id) order by all
        """,
        **own_tables,
    }
    con.execute(f"attach '{_quoted(path)}' as published (storage_version 'v1.4.0')")
    try:
        for name, query in tables.items():
            con.execute(f"create table published.main.{name} as {query}")
        con.execute("checkpoint published")
    finally:
        con.execute("detach published")


def _hashes(models: tuple[Model, ...]) -> str:
    """Each metric family with the SHA-256 of the text that computes it, as rows of SQL."""
    return ", ".join(f"('{model.name}', '{model.sha256}')" for model in models if model.is_long)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _swap(new: Path, old: Path) -> None:
    """Put `new` in `old`'s place so that it is on the disk and whole, whatever happens next."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)
    descriptor = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_published(folder: DataFolder) -> duckdb.DuckDBPyConnection:
    """A connection with the published database attached, read-only, as `published`. Raises DeliveryMissing."""
    database = folder.published / "scmr17.duckdb"
    if not database.exists():
        raise DeliveryMissing(f"nothing is published in {folder.published} yet; `scmr17 run` does")
    con = duckdb.connect()
    con.execute(f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as published (read_only)")
    harden(con, folder.root)
    return con
