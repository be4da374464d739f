"""Whether sellers who took part in a training then answered reviews in time more often than those who did not (A28).

What belongs here: who is compared, and the rows of the family. The formula and its error are
`pipeline.statistics.proportions`; who is active and took part is `sql/metrics/seller_training.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.model import LONG_COLUMNS, LONG_GRAIN, Model
from pipeline.statistics.proportions import difference_in_differences

#: Below this many sellers in either group, the variance between sellers says too little: reason `too_few_sellers`.
SMALLEST_GROUP = 10

#: The same sellers before and after: active ones of the quarter with a mature review in it and in the quarter before.
_SELLERS = """
with reviews as (
    select
        p.period_id, v.entity_id as seller_id,
        sum(v.answered_48h) filter (where v.day < p.period_start) as answered_before,
        sum(v.mature_48h) filter (where v.day < p.period_start) as mature_before,
        sum(v.answered_48h) filter (where v.day >= p.period_start) as answered,
        sum(v.mature_48h) filter (where v.day >= p.period_start) as mature
    from plan.periods as p
    join core.review_days as v on p.previous_start <= v.day and v.day < p.period_end
    where p.period_type = 'quarter' and v.scope = 'seller'
    group by all
)
select
    period_id, t.is_participant, answered_before::bigint as answered_before, mature_before::bigint as mature_before,
    answered::bigint as answered, mature::bigint as mature
from reviews as r
join metrics.seller_training as t using (period_id, seller_id)
where mature_before > 0 and mature > 0
order by period_id, seller_id
"""


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The family's rows for the planned quarters in which a seller can be compared."""
    sellers = con.sql(_SELLERS).pl()
    rows = [
        {"period_id": period_id, "scope": "all", "entity_id": "all", **row}
        for (period_id,), group in sellers.group_by("period_id", maintain_order=True)
        for row in _rows(group)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _rows(sellers: pl.DataFrame) -> Iterator[dict[str, Any]]:
    groups = {"participants": sellers.filter("is_participant"), "others": sellers.filter(~pl.col("is_participant"))}
    for name, group in groups.items():
        for suffix in ("", "_before"):
            mature = group[f"mature{suffix}"].sum()
            yield {
                "metric": f"review_response_48h_{name}{suffix}",
                "numerator": group[f"answered{suffix}"].sum(),
                "denominator": mature,
                "n": mature,
            }
    yield {"metric": "response_uplift", "n": sellers.height, **_uplift(sellers, min(map(len, groups.values())))}


def _uplift(sellers: pl.DataFrame, smaller_group: int) -> dict[str, Any]:
    if smaller_group < SMALLEST_GROUP:
        return {"reason": "too_few_sellers"}
    columns = ("answered_before", "mature_before", "answered", "mature", "is_participant")
    found = difference_in_differences(*(sellers[column].to_numpy() for column in columns))
    return {"value": float(found.value), "low": float(found.low), "high": float(found.high)}


MODEL = Model(
    schema="metrics",
    name="response_uplift",
    description="How much more the share of reviews answered within 48 h rose with the quarter's training participants "
    "than with the other active sellers: difference in differences on the quarter before.",
    grain=LONG_GRAIN,
    reads=frozenset({"plan.periods", "core.review_days", "metrics.seller_training"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=LONG_COLUMNS,
    compute=compute,
)
