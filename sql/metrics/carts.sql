-- Shopping carts that were left standing: of those whose time has run out at as_of, by number, by value and by visitor.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A22. A cart belongs to the day of its creation; one buyer's carts count separately, but for the share of
-- visitors, who abandoned when none of their carts of the period became an order. The interval of the share of value is
-- Wilson's for as many carts as would tell equally much if all had the same value: (sum v)^2 / sum v^2 (Kish 1965).
with counts as (
    select
        d.period_id,
        count(*) filter (where not c.is_mature) as pending,
        count(*) filter (where c.is_mature) as carts,
        count(*) filter (where c.is_mature and not c.is_converted) as abandoned,
        cast(sum(c.value_cents) filter (where c.is_mature) as bigint) as value_cents,
        cast(sum(c.value_cents) filter (where c.is_mature and not c.is_converted) as bigint) as abandoned_cents,
        sum(cast(c.value_cents as hugeint) * c.value_cents) filter (where c.is_mature) as value_squares
    from core.carts as c
    inner join plan.period_days as d using (day)
    group by d.period_id
),

carts_of_visitors as (
    select
        d.period_id,
        c.buyer_or_session,
        bool_or(c.is_converted) as has_ordered
    from core.carts as c
    inner join plan.period_days as d using (day)
    where c.is_mature
    group by d.period_id, c.buyer_or_session
),

visitors as (
    select
        period_id,
        count(*) as visitors,
        count(*) filter (where not has_ordered) as abandoning
    from carts_of_visitors
    group by period_id
),

shares as (
    select
        c.* replace (coalesce(c.value_cents, 0) as value_cents, coalesce(c.abandoned_cents, 0) as abandoned_cents),
        coalesce(v.visitors, 0) as visitors,
        coalesce(v.abandoning, 0) as abandoning,
        coalesce(c.abandoned_cents, 0) / c.value_cents as value_share,
        cast(c.value_cents as double) * c.value_cents / c.value_squares as equal_carts
    from counts as c
    left join visitors as v using (period_id)
)

select
    s.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.numerator,
    m.denominator,
    m.n,
    m.low,
    m.high,
    case when m.denominator = 0 then 'immature' end as reason
from shares as s
cross join lateral (
    values
    ('cart_abandonment_rate', abandoned, carts, carts, null, null),
    (
        'cart_abandonment_value_share', abandoned_cents, value_cents, carts,
        stats.wilson_low(value_share, equal_carts), stats.wilson_high(value_share, equal_carts)
    ),
    ('cart_abandonment_visitor_share', abandoning, visitors, visitors, null, null),
    ('carts_pending', pending, null, pending, null, null)
) as m (metric, numerator, denominator, n, low, high)
