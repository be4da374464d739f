-- Orders with a defect: a negative review, or a return that was the seller's fault, within 60 days of the order.
--
-- grain: period_id, scope, entity_id, metric
-- By the order's day, an order once however many defects it has, and only orders that are 60 days old; younger ones are
-- pending. Amazon also counts guarantee claims and chargebacks: no export has them, so returns at the seller's fault stand
-- for claims, and chargebacks are missing. Reviews that name neither an order line nor an order cannot be traced. Missing:
-- no_data for returns at the seller's fault in a period that ends before the first return whose fault is on record.
with defects as (
    select
        coalesce(l.order_id, v.order_id) as order_id,
        s.scope,
        s.entity_id,
        s.created_at as happened_at,
        true as is_review
    from core.review_subjects as s
    inner join core.reviews as v using (review_id)
    left join core.order_lines as l on v.order_line_id = l.order_line_id
    where s.scope in ('all', 'seller') and s.is_rated and s.is_negative
    union all
    select
        order_id,
        unnest(['all', 'seller']) as scope,
        unnest(['all', seller_id]) as entity_id,
        opened_at,
        false
    from core.returns
    where at_fault = 'seller'
),

defects_by_order as (
    select
        d.order_id,
        d.scope,
        d.entity_id,
        bool_or(d.is_review) as has_review,
        bool_or(not d.is_review) as has_return
    from defects as d
    inner join core.orders as o using (order_id)
    where d.happened_at - o.ordered_at <= interval 60 day
    group by d.order_id, d.scope, d.entity_id
),

orders as (
    select
        s.day,
        s.scope,
        s.entity_id,
        r.as_of - o.ordered_at >= interval 60 day as is_mature,
        d.order_id is not null as has_defect,
        coalesce(d.has_review, false) as has_review,
        coalesce(d.has_return, false) as has_return
    from core.order_subjects as s
    inner join core.orders as o using (order_id)
    cross join plan.run as r
    left join defects_by_order as d using (order_id, scope, entity_id)
    where s.scope in ('all', 'seller')
),

first_fault as (
    select min(day) as fault_day
    from core.returns
    where at_fault is not null
),

days as (
    select
        day,
        scope,
        entity_id,
        count(*) filter (where not is_mature) as pending,
        count(*) filter (where is_mature) as mature,
        count(*) filter (where is_mature and has_defect) as with_defect,
        count(*) filter (where is_mature and has_review) as with_review,
        count(*) filter (where is_mature and has_return) as with_return
    from orders
    group by day, scope, entity_id
),

counts as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        sum(o.pending) as pending,
        sum(o.mature) as mature,
        sum(o.with_defect) as with_defect,
        sum(o.with_review) as with_review,
        sum(o.with_return) as with_return
    from days as o
    inner join plan.period_days as d using (day)
    group by d.period_id, o.scope, o.entity_id
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(case when m.is_recorded then m.numerator end as bigint) as numerator,
    cast(case when m.is_recorded then m.denominator end as bigint) as denominator,
    cast(coalesce(m.denominator, m.numerator) as bigint) as n,
    case when m.denominator = 0 then 'immature' when not m.is_recorded then 'no_data' end as reason
from counts as c
inner join plan.periods as p using (period_id)
cross join first_fault as f
cross join lateral (
    values
    ('order_defect_rate', with_defect, mature, true),
    ('order_negative_review_rate', with_review, mature, true),
    ('order_seller_fault_rate', with_return, mature, coalesce(f.fault_day < p.period_end, false)),
    ('order_defects_pending', pending, null, true)
) as m (metric, numerator, denominator, is_recorded)
