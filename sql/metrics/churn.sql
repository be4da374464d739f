-- Customers lost: those who opted out, and, another thing, those who have not ordered for long.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A22, B12. Of the customers at the period's start, those who at its end are gone: a state at both ends, so
-- who opts out and comes back within the period is not lost. Opt-outs: customers are all who had ever ordered and had
-- not opted out. A period that ends before the first event of the subscriptions is not_measured. Lapsed: customers are
-- those whose last order was at most the policy's days ago; where our orders do not reach so far back at the start, it
-- is immature, as is every period that has not ended.
with periods as (
    select
        p.*,
        p.period_start - cast(ref.policy('customers_lapse_after_days') as integer) as active_since_at_start,
        p.period_end - cast(ref.policy('customers_lapse_after_days') as integer) as active_since_at_end
    from plan.periods as p
    where p.period_type <> 'week'
),

customers as (
    select
        p.period_id,
        p.is_complete,
        p.active_since_at_start >= min(b.first_day) as is_long_enough,
        p.period_end > (select min(day) from core.subscriptions) as is_recorded,
        count(*) as customers,
        count(*) filter (where b.day >= p.active_since_at_start) as active,
        count(*) filter (
            where b.day >= p.active_since_at_start and b.day < p.active_since_at_end
            and coalesce(b.next_day >= p.period_end, true)
        ) as lapsed
    from periods as p
    inner join core.buyer_days as b
        on b.day < p.period_start and p.period_start <= coalesce(b.next_day, cast('infinity' as date))
    group by p.period_id, p.is_complete, p.active_since_at_start, p.period_end
),

states as (
    select
        p.period_id,
        s.buyer_id,
        bool_or(s.day < p.period_start and p.period_start <= coalesce(s.ended_day, cast('infinity' as date)))
            as is_out_at_start,
        bool_or(p.period_end <= coalesce(s.ended_day, cast('infinity' as date))) as is_out_at_end
    from periods as p
    inner join core.buyer_days as b on b.day = b.first_day and b.day < p.period_start
    inner join core.subscriptions as s on b.buyer_id = s.buyer_id and s.day < p.period_end
    where s.is_opted_out
    group by p.period_id, s.buyer_id
),

opted_out as (
    select
        period_id,
        count(*) filter (where is_out_at_start) as before,
        count(*) filter (where is_out_at_end and not is_out_at_start) as now
    from states
    group by period_id
),

losses as (
    select
        c.period_id,
        m.metric,
        m.lost,
        m.customers,
        case
            when not c.is_complete or not m.is_old_enough then 'immature'
            when not m.is_known then 'not_measured'
        end as reason
    from customers as c
    left join opted_out as o using (period_id)
    cross join lateral (
        values
        ('churn_rate', coalesce(o.now, 0), c.customers - coalesce(o.before, 0), true, coalesce(is_recorded, false)),
        ('lapsed_customer_share', lapsed, active, is_long_enough, true)
    ) as m (metric, lost, customers, is_old_enough, is_known)
)

select
    period_id,
    'all' as scope,
    'all' as entity_id,
    metric,
    case when reason is null then lost end as numerator,
    case when reason is null then customers end as denominator,
    customers as n,
    reason
from losses
