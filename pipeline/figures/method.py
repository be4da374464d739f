"""The method part of a quarterly's last page: policies, how the briefs were read, what pending and rejected cases could
still change.

What belongs here: what a reader needs in order to judge the figures as a whole. Files, rejected rows and definitions
are `evidence.py`'s. How contradictions of the briefs were resolved is text, and stands in
`report_templates/resolutions.csv`, by the metrics that each bears on.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import THIN, Scale, number, plural, safe, scale_of, show
from pipeline.figures.pages import Method, Resolution
from pipeline.figures.published import Published
from pipeline.figures.wording import subject
from pipeline.policies import Policies
from pipeline.statistics.process_limits import LIMIT_FACTOR

RESOLUTIONS = Path(__file__).resolve().parent.parent.parent / "report_templates" / "resolutions.csv"

#: Of an export whose rows are the cases of a share, or belong to one each: that share. Another row of it can move the
#: share by no more than one case of all.
BEARS_ON = {
    "reviews": "rating_positive_share",
    "surveys": "csat",
    "carts": "cart_abandonment_rate",
    "sales": "cancellation_rate",
}
#: Shares that wait for cases to mature, in the order of the table.
PENDING = ("review_response_48h", "negative_review_response_48h", "inquiry_response_48h")


def method_of(source: Published, printed: Collection[str]) -> Method:
    """What the page prints. `printed` are the metrics that the report prints."""
    return Method(
        limits=(
            f"Upper and lower limits in charts: mean ± {number(LIMIT_FACTOR, 2)} × mean moving range of the twelve "
            "months, or thirteen weeks, before."
        ),
        policies=_policies(source),
        resolutions=tuple(r for r in resolutions() if not r.metrics or set(r.metrics) & set(printed)),
        pending=_pending(source),
        catalogue=(
            f"{plural(len(printed), 'metric')} of {len(source.catalogue)} stand in this report; the evidence pack in "
            "this PDF holds each one's definition, formula with its SHA-256, n and input files."
        ),
        fingerprint=_fingerprint(source),
    )


def resolutions() -> tuple[Resolution, ...]:
    """How each contradiction of the briefs was resolved."""
    with RESOLUTIONS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Resolution(row["id"], row["briefs"], row["resolution"], tuple(row["metrics"].split()))
            for row in csv.DictReader(file, strict=True)
        )


def _policies(source: Published) -> str:
    """How many policies the figures were computed with, and which of them the office has changed."""
    if not source.has("policies"):
        return ""
    rows = source.rows("select policy, value from policies order by rowid")
    changed = []
    for policy, value in rows:
        field = Policies.model_fields.get(policy)
        if field is not None and float(field.default) != value:
            changed.append(f"{safe(policy, 60)} is {_plain(value)} (usual {_plain(float(field.default))})")
    text = f"{plural(len(rows), 'policy', 'policies')} in force"
    return f"{text}; changed: {', '.join(changed)}." if changed else f"{text}, all as usual."


def _plain(value: float) -> str:
    """`24`, `0.6`."""
    exact = Decimal(repr(value)).normalize()
    return number(exact, max(0, -int(exact.as_tuple().exponent)))


def _pending(source: Published) -> Table | None:
    """What shares can still become when the cases mature whose time has not run out; None when none is waited for."""
    if not source.has("response_bounds"):
        return None
    bounds = {
        row[0]: row[1:]
        for row in source.rows(
            """select metric, pending, worst_share, best_share from response_bounds
            where period_id = $period and scope = 'all' and pending > 0""",
            period=source.period.id,
        )
    }
    rows = [
        _pending_row(source, metric, *bounds[metric])
        for metric in PENDING
        if metric in bounds and source.is_measured(metric)
    ]
    columns = (
        Column("Share, %", "name"),
        Column("Now", "number", "11mm", 1),
        Column("Pending", "number", "14mm"),
        Column("At worst", "number", "14mm", 1),
        Column("At best", "number", "13mm", 1),
    )
    return Table("What pending cases can still change", columns, tuple(rows)) if rows else None


def _pending_row(source: Published, metric: str, pending: int, worst: float, best: float) -> Row:
    scale: Scale = scale_of("share", "")
    value = source.at(metric)
    now = Cell(show(value.value, scale), figure=value.key(metric)) if value and value.value is not None else Cell("–")
    return Row(
        (
            Cell(subject(source, metric), definition=metric),
            now,
            Cell(number(pending)),
            Cell(show(worst, scale)),
            Cell(show(best, scale)),
        )
    )


def effect_of(source: Published, export: str, rows: int) -> str:
    """How far the rejected rows of an export could move its leading share in this period, had all of them been right
    and lain in it; '' where a row is no case."""
    metric = BEARS_ON.get(export.rpartition(".")[2], "")
    value = source.at(metric) if metric else None
    if value is None or not value.denominator:
        return ""
    points = (Decimal(100 * rows) / value.denominator).quantize(Decimal("0.01"), ROUND_CEILING)
    return f"{subject(source, metric)}: at most {number(points, 2)}{THIN}pp"


def _fingerprint(source: Published) -> str:
    """The published digest of definitions, configuration and code by which these figures were computed."""
    rows = source.rows("select 1 from duckdb_columns() where table_name = 'run' and column_name = 'fingerprint'")
    return str(source.rows("select fingerprint from run")[0][0] or "") if rows else ""
