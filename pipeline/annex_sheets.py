"""The sheets of the annex: which measures and columns each has, and the queries that fill them.

What belongs here: what stands in the annex. Putting it together, with its totals, is `pipeline.annex`'; how a sheet is
written is `pipeline.workbooks`'. Money is in cents here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.workbooks import Column, Kind


@dataclass(frozen=True)
class Measure:
    """A metric as columns of a sheet: its value and, with an `n_title`, the number of its cases. Lines that are parts
    add up to the marketplace's value, but for the reason `differs`."""

    metric: str
    title: str
    kind: Kind
    n_title: str = ""
    is_part: bool = False
    differs: str = ""


SELLERLESS = "cases without a seller are in the total alone, cases of several sellers with each"
PRODUCTLESS = "cases without a product are in the total alone, cases of several products with each"

SELLER_MEASURES = (
    Measure("net_sales", "Net sales", "cents", is_part=True),
    Measure("gmv", "Gross merchandise value", "cents", is_part=True),
    Measure("orders", "Orders", "whole", is_part=True, differs="an order of several sellers counts with each"),
    Measure("units", "Units", "whole", is_part=True),
    Measure("rating_mean", "Average rating", "stars", "Ratings"),
    Measure("rating_mean_12m", "Average rating, 12 months", "stars", "Ratings, 12 months"),
    Measure("review_count", "Reviews", "whole", is_part=True, differs=SELLERLESS),
    Measure("review_response_48h", "Reviews answered within 48 h", "share", "Reviews due"),
    Measure("inquiry_response_48h", "Inquiries answered within 48 h", "share", "Inquiries due"),
    Measure("unanswered_inquiries", "Unanswered inquiries", "whole", is_part=True, differs=SELLERLESS),
    Measure("on_time_delivery_rate", "Delivered on time", "share", "Deliveries due"),
    Measure("delivery_days_median", "Days to delivery, median", "decimal"),
    Measure("return_rate", "Lines returned", "share", "Lines due"),
    Measure("cancellation_rate", "Lines cancelled", "share", "Lines"),
    Measure("order_defect_rate", "Orders with a defect", "share", "Orders due"),
    Measure("royalty_paid", "Royalty paid", "cents", is_part=True),
    Measure("royalty_carried", "Royalty carried", "cents", is_part=True),
)
PRODUCT_MEASURES = (
    Measure("net_sales", "Net sales", "cents", is_part=True),
    Measure("gmv", "Gross merchandise value", "cents", is_part=True),
    Measure("rating_mean", "Average rating", "stars", "Ratings"),
    Measure("rating_bayes", "Average rating, adjusted", "stars"),
    Measure("rating_lower_bound", "Average rating, lower bound", "stars"),
    Measure("rating_mean_12m", "Average rating, 12 months", "stars", "Ratings, 12 months"),
    Measure("review_count", "Reviews", "whole", is_part=True, differs=PRODUCTLESS),
)

#: What the products' sheet has from their sales, where the marketplace has a metric.
PRODUCT_COUNTS = (Measure("units", "Units", "whole", is_part=True),)

#: Every seller, as `of_entity` has its metrics, with its standing on the last Monday that the period sees.
SELLERS = """
with of_entity as ({pivot}), mondays as (
    select cast(date_trunc('week', least($end, (select as_of_day from run))) as date) as monday
)

select
    s.seller_id, s.name, s.country, s.status as standing, m.* exclude (entity_id),
    replace(e.status, '_', ' ') as expertise, replace(e.reason, '_', ' ') as expertise_reason,
    replace(e.binding, '_', ' ') as binding, e.gap_months, e.gap_rating, e.gap_positive_ratings, e.gap_quality_points,
    cast(r.weight as double) as royalty_weight, cast(r.share as double) as royalty_share,
    case when r.seller_id is not null then coalesce(replace(r.reason, '_', ' '), 'eligible') end as royalty_reason
from sellers as s
left join of_entity as m on s.seller_id = m.entity_id
left join expertise as e on s.seller_id = e.seller_id and e.monday = (select monday from mondays)
left join royalties as r on s.seller_id = r.seller_id and r.period_id = $period
order by m.net_sales desc nulls last, s.seller_id
"""

PRODUCTS = """
with of_entity as ({pivot})

select
    p.product_id, p.name, p.category, p.seller_id, s.name as seller, m.* exclude (entity_id),
    u.units, u.lines, u.returned_lines, replace(t.verdict, '_', ' ') as verdict, t.slope
from products as p
left join sellers as s using (seller_id)
left join of_entity as m on p.product_id = m.entity_id
left join product_sales as u on p.product_id = u.product_id and u.period_id = $period
left join rating_trends as t on p.product_id = t.entity_id and t.scope = 'product' and t.period_id = $period
order by m.net_sales desc nulls last, p.product_id
"""

METRICS = """
select
    m.metric, c.title, m.scope, m.entity_id,
    case when c.unit = 'cents' then (select currency from run) else c.unit end as unit,
    m.value / d.divisor as value, m.low / d.divisor as low, m.high / d.divisor as high, m.target / d.divisor as target,
    m.numerator, m.denominator, m.n, m.rag, m.evidence, m.reason
from metrics as m
join catalogue as c using (metric)
cross join lateral (select case when c.unit = 'cents' then 100 else 1 end as divisor) as d
where m.period_id = $period and m.scope not in ('seller', 'product')
order by c.rowid, m.scope <> 'all', m.scope, m.entity_id
"""

DEFINITIONS = "select * from catalogue order by rowid"

SELLER_START = (
    Column("seller_id", "Seller id", width=12),
    Column("name", "Name", width=28),
    Column("country", "Country", width=9),
    Column("standing", "Status", width=10),
)
SELLER_END = (
    Column("expertise", "Expertise", width=12, reason="expertise_reason"),
    Column("binding", "Missing to the next level", width=22),
    Column("gap_months", "Months missing", "whole"),
    Column("gap_rating", "Stars missing", "stars"),
    Column("gap_positive_ratings", "Positive ratings missing", "whole"),
    Column("gap_quality_points", "Points of quality missing", "decimal"),
    Column("royalty_weight", "Royalty weight", "decimal"),
    Column("royalty_share", "Share of the pool", "share"),
    Column("royalty_reason", "Royalty: eligible, or why not", width=24),
)
PRODUCT_START = (
    Column("product_id", "Product id", width=12),
    Column("name", "Name", width=30),
    Column("category", "Category", width=16),
    Column("seller_id", "Seller id", width=12),
    Column("seller", "Seller", width=26),
)
PRODUCT_END = (
    Column("units", "Units", "whole"),
    Column("lines", "Lines sold", "whole"),
    Column("returned_lines", "of which returned so far", "whole"),
    Column("verdict", "Trend of the rating", width=16),
    Column("slope", "Stars a month", "slope"),
)
METRIC_COLUMNS = (
    Column("metric", "Metric", width=30),
    Column("title", "Title", width=38),
    Column("scope", "Scope", width=11),
    Column("entity_id", "Of", width=16),
    Column("value", "Value", "measure", reason="reason"),
    Column("unit", "Unit", width=14),
    Column("low", "Low, 95 %", "measure"),
    Column("high", "High, 95 %", "measure"),
    Column("numerator", "Numerator, money in cents", "whole", width=15),
    Column("denominator", "Denominator, money in cents", "whole", width=15),
    Column("n", "Cases", "whole"),
    Column("target", "Target", "measure"),
    Column("rag", "Verdict", width=9),
    Column("evidence", "Evidence", width=17),
    Column("reason", "Missing because", width=17),
)
DEFINITION_COLUMNS = (
    Column("metric", "Metric", width=30),
    Column("title", "Title", width=38),
    Column("unit", "Unit", width=14),
    Column("better", "Better", width=8),
    Column("periods", "Periods", width=20),
    Column("scopes", "Scopes", width=26),
    Column("interval", "Interval", width=12),
    Column("definition", "Definition", "prose", width=100),
    Column("needs", "Needs", "prose", width=30),
    Column("source", "Source", width=30),
    Column("sql_sha256", "SHA-256 of its text", width=20),
)
TOTAL_COLUMNS = (
    Column("sheet", "Sheet", width=10),
    Column("title", "Figure", width=26),
    Column("lines", "The lines add up to", "measure", width=18),
    Column("published", "Published total", "measure", width=18),
    Column("difference", "Difference", "measure"),
    Column("unit", "Unit", width=8),
    Column("note", "Note", "prose", width=60),
)
