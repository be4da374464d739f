-- Growth of counted messages on the period before, as it is and for equally many days.
--
-- grain: period_id, scope, entity_id, metric
-- Complete periods only, on both sides: the one before must not begin before the first day that we have. Numerator is the
-- difference and denominator the base; the twin per day corrects value and limits for the unequal lengths.
with pairs as (
    select
        p.period_id,
        p.days,
        p.period_start - p.previous_start as previous_days,
        p.is_complete and p.previous_start >= r.first_day as is_comparable,
        coalesce(sum(h.counted) filter (where h.day >= p.period_start), 0) as messages,
        coalesce(sum(h.counted) filter (where h.day < p.period_start), 0) as previous_messages
    from plan.periods as p
    cross join plan.run as r
    left join core.message_hours as h on p.previous_start <= h.day and h.day < p.period_end
    group by p.period_id, p.days, previous_days, is_comparable
)

select
    p.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    cast(p.messages - p.previous_messages as bigint) as numerator,
    cast(p.previous_messages as bigint) as denominator,
    cast(p.messages as bigint) as n,
    m.value
from pairs as p
cross join lateral (
    values
    ('message_growth', messages / previous_messages - 1),
    ('message_growth_per_day', (messages * previous_days) / (previous_messages * days) - 1)
) as m (metric, value)
where p.is_comparable and p.previous_messages > 0
