-- Messages per completed order, the share of orders that were written about (reach), and how much (intensity).
--
-- grain: period_id, scope, entity_id, metric
-- Linked: counted messages of the period that name a completed order of the same period, so that linked messages per order
-- is reach times intensity, exactly.
with ordered as (
    select
        d.period_id,
        count(o.order_id) as orders
    from core.orders as o
    inner join plan.period_days as d using (day)
    group by d.period_id
),

sent as (
    select
        d.period_id,
        sum(h.counted) as messages
    from core.message_hours as h
    inner join plan.period_days as d using (day)
    group by d.period_id
),

linked_orders as (
    select
        sent_in.period_id,
        o.order_id,
        count(*) as messages
    from core.messages as m
    inner join core.orders as o using (order_id)
    inner join plan.period_days as sent_in on m.day = sent_in.day
    inner join plan.period_days as ordered_in on o.day = ordered_in.day and sent_in.period_id = ordered_in.period_id
    where m.is_counted
    group by sent_in.period_id, o.order_id
),

linked as (
    select
        period_id,
        sum(messages) as messages,
        count(*) as orders,
        sum(messages * messages) as squares
    from linked_orders
    group by period_id
),

counts as (
    select
        o.period_id,
        o.orders,
        coalesce(s.messages, 0) as messages,
        coalesce(l.messages, 0) as linked_messages,
        coalesce(l.orders, 0) as linked_orders,
        l.squares
    from ordered as o
    left join sent as s using (period_id)
    left join linked as l using (period_id)
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    m.denominator,
    m.denominator as n,
    m.variance
from counts as c
cross join lateral (
    values
    ('messages_per_order', messages, orders, null),
    ('message_reach', linked_orders, orders, null),
    ('message_intensity', linked_messages, linked_orders, stats.sample_variance(linked_orders, linked_messages, squares))
) as m (metric, numerator, denominator, variance)
