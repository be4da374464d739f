-- Repeat customers among the period's buyers; and, another thing, how many of the previous period's buyers were kept.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A9. Repeat customers had at least two completed orders, on different days, by the period's end; at scope
-- category: of the buyers served in the category, those who had come back to the marketplace. Retention is (E - N) / S:
-- S bought in the previous period, E in this one, and N of the latter had not bought in the previous one, whether new
-- or won back. It is immature until the period has ended, and unknown where the previous one began before our first
-- day.
with buyers as (
    select
        d.period_id,
        o.scope,
        o.entity_id,
        o.buyer_id,
        bool_or(o.is_repeat) as is_repeat
    from core.order_subjects as o
    inner join plan.period_days as d using (day)
    where o.scope in ('all', 'category')
    group by d.period_id, o.scope, o.entity_id, o.buyer_id
),

-- Who came back is said by all of a buyer's orders, not by those of one category.
returned as (
    select
        period_id,
        buyer_id
    from buyers
    where scope = 'all' and is_repeat
),

starts as (
    select
        p.period_id,
        p.is_complete,
        count(*) filter (where b.day >= p.previous_start) as active_at_start,
        count(*) filter (where b.day >= p.previous_start and b.next_day < p.period_end) as kept,
        count(*) filter (where b.day < p.previous_start and b.next_day < p.period_end) as won_back
    from plan.periods as p
    inner join plan.run as r on p.previous_start >= r.first_day
    inner join core.buyer_days as b
        on b.day < p.period_start and p.period_start <= coalesce(b.next_day, cast('infinity' as date))
    where p.period_type <> 'week'
    group by p.period_id, p.is_complete
)

select
    b.period_id,
    b.scope,
    b.entity_id,
    'repeat_customer_share' as metric,
    count(r.buyer_id) as numerator,
    count(*) as denominator,
    count(*) as n,
    null as reason
from buyers as b
left join returned as r using (period_id, buyer_id)
group by b.period_id, b.scope, b.entity_id
union all
select
    period_id,
    'all',
    'all',
    'customer_retention_rate',
    case when is_complete then kept end,
    case when is_complete then active_at_start end,
    active_at_start,
    case when not is_complete then 'immature' end
from starts
union all
select
    period_id,
    'all',
    'all',
    'won_back_buyers',
    won_back,
    null,
    won_back,
    null
from starts
