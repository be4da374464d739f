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
),

-- Who came back is said by all of a buyer's orders, not by those of one category.
returned as (
    select
        period_id,
        buyer_id
    from buyers
    where scope = 'all' and is_repeat
)

select
    b.period_id,
    b.scope,
    b.entity_id,
    'repeat_customer_share' as metric,
    count(r.buyer_id) as numerator,
    count(*) as denominator,
    count(*) as n
from buyers as b
left join returned as r using (period_id, buyer_id)
group by b.period_id, b.scope, b.entity_id
