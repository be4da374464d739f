-- What was sold: gross and net of the refunds booked to the order's own period, orders, units, buyers, the average
-- order.
--
-- grain: period_id, scope, entity_id, metric
-- Money is whole cents. An order counts once in each scope that it touches; new buyers are those whose first order ever
-- this is. refunds_cash is another view, never subtracted here: what was paid back in the period, whenever it was
-- ordered.
with amounts as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        sum(o.amount_cents) as amount_cents,
        sum(o.net_cents) as net_cents,
        sum(o.units) as units,
        sum(o.units * o.units) as unit_squares,
        count(*) as orders,
        count(*) filter (where o.is_first) as new_buyers,
        sum(cast(o.net_cents as hugeint) * o.net_cents) as net_squares
    from core.order_subjects as o
    inner join plan.period_days as d using (day)
    group by d.period_id, o.scope, o.entity_id
),

buyers as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        count(distinct o.buyer_id) as active_buyers
    from core.order_subjects as o
    inner join plan.period_days as d using (day)
    where o.scope <> 'product'
    group by d.period_id, o.scope, o.entity_id
),

counts as (
    select
        a.*,
        b.active_buyers
    from amounts as a
    left join buyers as b using (period_id, scope, entity_id)
),

refunds as (
    select
        d.period_id,
        sum(f.refund_cents) as refund_cents,
        count(*) as refunds
    from core.returns as f
    inner join plan.period_days as d on f.refunded_day = d.day
    group by d.period_id
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    m.denominator,
    c.orders as n,
    m.variance
from counts as c
cross join lateral (
    values
    ('gmv', amount_cents, null, null),
    ('net_sales', net_cents, null, null),
    ('orders', orders, null, null),
    ('units', units, null, null),
    ('active_buyers', active_buyers, null, null),
    ('new_buyers', new_buyers, null, null),
    ('average_order_value', net_cents, orders, stats.sample_variance(orders, net_cents, net_squares)),
    ('units_per_order', units, orders, stats.sample_variance(orders, units, unit_squares))
) as m (metric, numerator, denominator, variance)
union all
select
    period_id,
    'all',
    'all',
    'active_products',
    count(distinct entity_id),
    null,
    count(*),
    null
from core.order_subjects
inner join plan.period_days using (day)
where scope = 'product'
group by period_id
union all
select
    period_id,
    'all',
    'all',
    'refunds_cash',
    cast(refund_cents as bigint),
    null,
    refunds,
    null
from refunds
