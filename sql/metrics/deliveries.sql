-- Orders that arrived by the day that was promised, among those promised for the period and due by as_of.
--
-- grain: period_id, scope, entity_id, metric
-- Not delivered and the promise past is late. Cancelled by the buyer: not counted (core.deliveries). Orders without a promise
-- are counted apart, by the order's day.
with promised as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        count(*) filter (where o.promised_at <= r.as_of) as due,
        count(*) filter (where o.promised_at <= r.as_of and o.is_on_time) as on_time
    from core.deliveries as o
    inner join plan.period_days as d on o.promised_day = d.day
    cross join plan.run as r
    group by d.period_id, o.scope, o.entity_id
),

unpromised as (
    select
        d.period_id,
        count(*) filter (where o.promised_at is null) as orders,
        count(*) as all_orders
    from core.deliveries as o
    inner join plan.period_days as d using (day)
    where o.scope = 'all'
    group by d.period_id
)

select
    period_id,
    scope,
    entity_id,
    'on_time_delivery_rate' as metric,
    on_time as numerator,
    due as denominator,
    due as n,
    case when due = 0 then 'immature' end as reason
from promised
union all
select
    period_id,
    'all',
    'all',
    'orders_without_promise',
    orders,
    null,
    all_orders,
    null
from unpromised
