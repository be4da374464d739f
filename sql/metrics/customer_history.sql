-- What customers have spent to date: on average, in the middle, the upper tenth, and in an ordinary year.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A23 (i): net sales of every customer from the first completed order to the period's end; customers are
-- all who have one. The 90th percentile is the least sum that at least 90 % of them do not exceed; the upper tenth is
-- rounded up to whole customers. A23 (ii), clv_simple_12m: the average order times the orders of an active customer
-- in the 12 months to the quarter's end, without margin or years to come, which no export knows; immature until 12
-- whole months are there.
with ends as (
    select distinct period_end
    from plan.periods
    where period_type <> 'week'
),

-- Equal customers together.
totals as (
    select
        e.period_end,
        b.net_cents_to_date as cents,
        count(*) as customers
    from ends as e
    inner join core.buyer_days as b
        on b.day < e.period_end and e.period_end <= coalesce(b.next_day, cast('infinity' as date))
    group by e.period_end, b.net_cents_to_date
),

-- How many customers have spent no more than those of a row.
places as (
    select
        *,
        sum(customers) over (partition by period_end) as everybody,
        sum(customers) over (partition by period_end order by cents) as up_to_here
    from totals
),

history as (
    select
        period_end,
        sum(customers) as customers,
        sum(cents * customers) as cents,
        sum(cast(cents as hugeint) * cents * customers) as squares,
        min(cents) filter (where 2 * up_to_here >= everybody)
        + min(cents) filter (where 2 * up_to_here > everybody) as middle_two,
        min(cents) filter (where 10 * up_to_here >= 9 * everybody) as p90,
        sum(cents * greatest(0, least(customers, (everybody + 9) // 10 + up_to_here - everybody))) as upper_tenth
    from places
    group by period_end
),

years as (
    select
        p.period_id,
        p.is_complete and p.period_end - interval 12 month >= any_value(r.first_day) as is_whole,
        b.buyer_id,
        sum(b.net_cents) as cents
    from plan.periods as p
    cross join plan.run as r
    inner join core.buyer_days as b on b.day < p.period_end and b.day >= p.period_end - interval 12 month
    where p.period_type = 'quarter'
    group by p.period_id, p.is_complete, p.period_end, b.buyer_id
),

simple as (
    select
        period_id,
        is_whole,
        count(*) as customers,
        sum(cents) as cents,
        stats.sample_variance(count(*), sum(cents), sum(cast(cents as hugeint) * cents)) as variance
    from years
    group by period_id, is_whole
)

select
    p.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(m.denominator as bigint) as denominator,
    cast(h.customers as bigint) as n,
    m.value,
    m.variance,
    null as reason
from plan.periods as p
inner join history as h using (period_end)
cross join lateral (
    values
    ('clv_historic_mean', cents, customers, null, stats.sample_variance(customers, cents, squares)),
    ('clv_historic_median', null, null, middle_two / 2, null),
    ('clv_historic_p90', null, null, p90, null),
    ('clv_top_decile_share', case when cents > 0 then upper_tenth end, case when cents > 0 then cents end, null, null)
) as m (metric, numerator, denominator, value, variance)
union all
select
    period_id,
    'all',
    'all',
    'clv_simple_12m',
    case when is_whole then cast(cents as bigint) end,
    case when is_whole then customers end,
    customers,
    null,
    variance,
    case when not is_whole then 'immature' end
from simple
