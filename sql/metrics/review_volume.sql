-- Reviews by what became of them, and how many of the products sold have one (METRICS.md A7).
--
-- grain: period_id, scope, entity_id, metric
-- Published, pending, rejected and removed reviews add up to review_count. A product has a review when one of it was
-- published by the period's end, in the period or before; products are those sold in the period (active_products).
with counts as (
    select
        d.period_id,
        count(*) as reviews,
        count(*) filter (where r.status = 'published') as published,
        count(*) filter (where r.status = 'pending') as pending,
        count(*) filter (where r.status = 'rejected') as rejected,
        count(*) filter (where r.status = 'removed') as removed
    from core.reviews as r
    inner join plan.period_days as d using (day)
    group by d.period_id
),

first_reviews as (
    select
        entity_id as product_id,
        min(day) as day
    from core.review_subjects
    where scope = 'product' and is_published
    group by entity_id
),

sold as (
    select distinct
        d.period_id,
        o.entity_id as product_id
    from core.order_subjects as o
    inner join plan.period_days as d using (day)
    where o.scope = 'product'
),

products as (
    select
        s.period_id,
        count(*) as products,
        count(*) filter (where f.day < p.period_end) as reviewed
    from sold as s
    inner join plan.periods as p using (period_id)
    left join first_reviews as f using (product_id)
    group by s.period_id
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.numerator,
    null as denominator,
    c.reviews as n
from counts as c
cross join lateral (
    values
    ('reviews_published', published),
    ('reviews_pending', pending),
    ('reviews_rejected', rejected),
    ('reviews_removed', removed)
) as m (metric, numerator)
union all
select
    period_id,
    'all',
    'all',
    'reviewed_product_share',
    reviewed,
    products,
    products
from products
