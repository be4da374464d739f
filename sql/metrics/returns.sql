-- Order lines that came back, and money that was paid back, by the day of the order; and the returns of the period itself.
--
-- grain: period_id, scope, entity_id, metric
-- return_rate: lines that arrived within 90 days of their order (later ones would keep old periods open for ever) and have
-- been there for 30 days; a line that arrived since is pending. A return opened before the delivery counts as well. Refunds
-- have no window: they are booked to the order's own period as they come in, so that the share of value is 1 - net sales /
-- gross merchandise value. The flow rate divides lines with a return opened in the period by lines sold in it: other lines.
-- Missing: no_data in a period that ends before the first return on record, for nobody may have kept any; refunds are also on
-- record from the first line that the platform calls refunded. By the period's end, for what comes later does not change it.
with first_returns as (
    select
        order_line_id,
        min(opened_at) as opened_at
    from core.returns
    group by order_line_id
),

lines as (
    select
        l.day,
        l.seller_id,
        l.category,
        l.amount_cents,
        l.refunded_cents,
        l.delivered_at - l.ordered_at <= interval 90 day as is_delivered,
        r.as_of - l.delivered_at >= interval 30 day as is_mature,
        f.opened_at - l.delivered_at <= interval 30 day as is_returned
    from core.order_lines as l
    cross join plan.run as r
    left join first_returns as f using (order_line_id)
    where l.is_sale
),

first_return as (
    select min(day) as returns_day
    from core.returns
),

first_refunded as (
    select min(day) as refunded_day
    from core.order_lines
    where is_sale and status = 'refunded'
),

records as (
    select
        p.period_id,
        coalesce(t.returns_day < p.period_end, false) as has_returns,
        coalesce(least(t.returns_day, l.refunded_day) < p.period_end, false) as has_refunds
    from plan.periods as p
    cross join first_return as t
    cross join first_refunded as l
),

days as (
    select
        day,
        seller_id,
        category,
        count(*) as lines,
        count(*) filter (where refunded_cents > 0) as refunded,
        sum(amount_cents) as amount_cents,
        sum(refunded_cents) as refunded_cents,
        count(*) filter (where is_delivered and not is_mature) as pending,
        count(*) filter (where is_delivered and is_mature) as mature,
        count(*) filter (where is_delivered and is_mature and is_returned) as returned
    from lines
    group by day, seller_id, category
),

-- A line that comes back in two parcels of one period came back once.
returned_lines as (
    select distinct
        d.period_id,
        t.order_line_id,
        t.seller_id,
        t.category
    from core.returns as t
    inner join plan.period_days as d using (day)
    where t.order_id is not null
),

parts as (
    select
        d.period_id,
        s.* exclude (day),
        0 as opened
    from days as s
    inner join plan.period_days as d using (day)
    union all
    select
        period_id,
        seller_id,
        category,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        count(*)
    from returned_lines
    group by period_id, seller_id, category
),

counts as (
    select
        period_id,
        case when grouping(seller_id) = 0 then 'seller' when grouping(category) = 0 then 'category' else 'all' end
            as scope,
        coalesce(seller_id, category, 'all') as entity_id,
        sum(lines) as lines,
        sum(refunded) as refunded,
        sum(amount_cents) as amount_cents,
        sum(refunded_cents) as refunded_cents,
        sum(pending) as pending,
        sum(mature) as mature,
        sum(returned) as returned,
        sum(opened) as opened
    from parts
    group by grouping sets ((period_id), (period_id, seller_id), (period_id, category))
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(case when m.is_recorded then m.numerator end as bigint) as numerator,
    cast(case when m.is_recorded then m.denominator end as bigint) as denominator,
    cast(m.n as bigint) as n,
    case
        when m.metric = 'return_rate' and c.mature = 0 and c.pending > 0 then 'immature'
        when not m.is_recorded then 'no_data'
    end as reason
from counts as c
inner join records as r using (period_id)
cross join lateral (
    values
    ('return_rate', returned, mature, mature, has_returns),
    ('returns_pending', pending, null, pending, true),
    ('refund_rate', refunded, lines, lines, has_refunds),
    ('refund_value_share', refunded_cents, amount_cents, lines, has_refunds),
    ('return_flow_rate', opened, lines, lines, has_returns)
) as m (metric, numerator, denominator, n, is_recorded)
