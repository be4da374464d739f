-- Reviews per 100 completed orders: of the orders of the period that are 30 days old, the reviews of their first 30 days.
--
-- grain: period_id, scope, entity_id, metric
-- By the order's day, so that a late review counts where its order does. Reviews that name neither an order line nor an
-- order cannot be traced.
with reviews_of_order as (
    select
        v.review_id,
        v.created_at,
        coalesce(l.order_id, v.order_id) as order_id,
        coalesce(l.category, p.category) as category
    from core.reviews as v
    left join core.order_lines as l using (order_line_id)
    left join core.products as p on v.product_id = p.product_id
),

reviewed as (
    select
        r.review_id,
        o.order_id,
        unnest(['all', 'category']) as scope,
        unnest(['all', r.category]) as entity_id
    from reviews_of_order as r
    inner join core.orders as o using (order_id)
    where r.created_at - o.ordered_at <= interval 30 day
),

reviews_by_order as (
    select
        order_id,
        scope,
        entity_id,
        count(*) as reviews
    from reviewed
    group by order_id, scope, entity_id
),

orders as (
    select
        s.order_id,
        s.scope,
        s.entity_id,
        s.day,
        r.as_of - o.ordered_at >= interval 30 day as is_mature
    from core.order_subjects as s
    inner join core.orders as o using (order_id)
    cross join plan.run as r
    where s.scope in ('all', 'category')
),

counts as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        count(*) filter (where o.is_mature) as orders,
        coalesce(sum(v.reviews) filter (where o.is_mature), 0) as reviews
    from orders as o
    inner join plan.period_days as d using (day)
    left join reviews_by_order as v using (order_id, scope, entity_id)
    group by d.period_id, o.scope, o.entity_id
)

select
    period_id,
    scope,
    entity_id,
    'reviews_per_100_orders' as metric,
    cast(reviews as bigint) as numerator,
    orders as denominator,
    orders as n,
    100.0 * reviews / nullif(orders, 0) as value,
    case when orders = 0 then 'immature' end as reason
from counts
