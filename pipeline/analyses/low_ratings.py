"""The reviews of one and two stars, for the office to follow up: who wrote about what, and whether anybody answered.

What belongs here: which reviews are listed and how their texts are masked. The share of them that is answered in time
is `sql/metrics/review_responses.sql`; what they complain of, `themes.py`; the list as a file, `pipeline.follow_up`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipeline.masking import whole
from pipeline.model import Model

COLUMNS = """
    review_id varchar, day date, created_at timestamp, stars integer, seller_id varchar, sellers bigint,
    product_id varchar, order_id varchar, order_line_id varchar, buyer_id varchar, language varchar, text varchar,
    is_due boolean, is_answered boolean, answered_at timestamp, is_answered_by_staff boolean, hours_waiting double
"""

#: A review of several sellers is one row here, answered by the first of them that does; `sellers` says how many there
#: are. Without a file that has response_at nothing is known of answers.
_LOW_RATINGS = """
with texts as (
    select review_id, text
    from raw.reviews
    where created_at < (select as_of from plan.run)
    qualify row_number() over (partition by review_id order by seller_id nulls last) = 1
),

sellers as (
    select review_id, count(*) as sellers from core.review_subjects where scope = 'seller' group by review_id
),

run as (
    select as_of, 'reviews.response_at' in (select need from ref.measured) as is_measured from plan.run
)

select
    r.review_id, r.day, r.created_at, cast(r.stars as integer) as stars, r.seller_id,
    coalesce(s.sellers, 0) as sellers, r.product_id, r.order_id, r.order_line_id, r.buyer_id, r.language, t.text,
    n.as_of - r.created_at >= interval 48 hour as is_due,
    case when n.is_measured then a.answered_at is not null end as is_answered,
    a.answered_at,
    case when n.is_measured then a.is_answered_by_staff end as is_answered_by_staff,
    case when n.is_measured then epoch(coalesce(a.answered_at, n.as_of) - r.created_at) / 3600 end as hours_waiting
from core.reviews as r
join core.review_subjects as a on a.review_id = r.review_id and a.scope = 'all'
join texts as t on t.review_id = r.review_id
left join sellers as s on s.review_id = r.review_id
cross join run as n
where r.is_published and r.is_negative
order by r.created_at, r.review_id
"""


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """Every published review of one or two stars, oldest first, its text masked."""
    reviews = con.execute(_LOW_RATINGS).pl()
    return reviews.with_columns(text=whole(reviews["text"]))


MODEL = Model(
    schema="metrics",
    name="low_ratings",
    description="The published reviews of one and two stars, with masked texts, whether a seller has answered, and the "
    "hours from the review to the answer or, without one, to as_of.",
    grain=("review_id",),
    reads=frozenset({"raw.reviews", "core.reviews", "core.review_subjects", "plan.run", "ref.measured"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=COLUMNS,
    compute=compute,
)
