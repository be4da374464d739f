-- Order lines that were cancelled before they were shipped, of the lines ordered in the period.
--
-- grain: period_id, scope, entity_id, metric
-- A pending line is no order yet, so it is in neither number. A line with neither a shipping nor a delivery date was not
-- shipped; one that was shipped, and cancelled later or on a day that nobody noted, is among the lines ordered only.
with lines as (
    select
        day,
        seller_id,
        category,
        cancelled_by,
        coalesce(shipped_at, delivered_at) as left_at,
        status = 'cancelled' and (left_at is null or coalesce(cancelled_at < left_at, false))
            as is_cancelled_before_shipping
    from core.order_lines
    where status <> 'pending'
),

days as (
    select
        day,
        seller_id,
        category,
        count(*) as lines,
        count(*) filter (where is_cancelled_before_shipping) as cancelled,
        count(*) filter (where is_cancelled_before_shipping and cancelled_by = 'seller') as cancelled_by_seller
    from lines
    group by day, seller_id, category
),

counts as (
    select
        d.period_id,
        case when grouping(c.seller_id) = 0 then 'seller' when grouping(c.category) = 0 then 'category' else 'all' end
            as scope,
        coalesce(c.seller_id, c.category, 'all') as entity_id,
        sum(c.lines) as lines,
        sum(c.cancelled) as cancelled,
        sum(c.cancelled_by_seller) as cancelled_by_seller
    from days as c
    inner join plan.period_days as d using (day)
    group by grouping sets ((d.period_id), (d.period_id, c.seller_id), (d.period_id, c.category))
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(c.lines as bigint) as denominator,
    cast(c.lines as bigint) as n
from counts as c
cross join lateral (
    values
    ('cancellation_rate', cancelled),
    ('cancellation_rate_by_seller', cancelled_by_seller)
) as m (metric, numerator)
