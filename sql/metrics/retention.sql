-- Share of the period's buyers who had come back: at least two completed orders, on different days, by the period's end.
--
-- grain: period_id, scope, entity_id, metric
-- At scope category: of the buyers served in the category, those who had come back to the marketplace.
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
)

select
    period_id,
    scope,
    entity_id,
    'repeat_customer_share' as metric,
    count(*) filter (where is_repeat) as numerator,
    count(*) as denominator,
    count(*) as n
from buyers
group by period_id, scope, entity_id
