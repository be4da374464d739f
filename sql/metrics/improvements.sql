-- Improvements that shipped in the quarter because of what customers said, and their growth on the quarter before.
--
-- grain: period_id, scope, entity_id, metric
-- Counted: source customer_feedback and at least one review named; which of these we do not have is counted apart
-- (improvements_unverified), for it may be our files that lack it. A quarter without any is a nought once one has shipped
-- before its end, whatever its source; before that nobody may have kept records. Growth: complete quarters only, on both
-- sides (immature until this one is), and null with no_base where none shipped in the quarter before (METRICS.md B8).
with quarters as (
    select
        p.period_id,
        p.period_start,
        p.period_end,
        p.previous_start,
        p.is_complete,
        p.previous_start >= r.first_day as has_whole_base
    from plan.periods as p
    cross join plan.run as r
    where p.period_type = 'quarter' and p.period_end > (select min(day) from core.improvements)
),

counts as (
    select
        q.period_id,
        q.is_complete,
        q.has_whole_base,
        count(*) filter (where i.day >= q.period_start and len(i.evidence_ids) > 0) as improvements,
        count(*) filter (where i.day >= q.period_start and len(i.evidence_ids) > 0 and not i.is_known) as unverified,
        count(*) filter (where i.day >= q.period_start and len(i.evidence_ids) = 0) as unlinked,
        count(*) filter (where i.day < q.period_start and len(i.evidence_ids) > 0) as previous_improvements
    from quarters as q
    left join core.improvements as i
        on i.source = 'customer_feedback' and q.previous_start <= i.day and i.day < q.period_end
    group by q.period_id, q.is_complete, q.has_whole_base
),

sellers as (
    select
        period_id,
        count(*) as active_sellers
    from metrics.seller_training
    group by period_id
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.numerator,
    m.denominator,
    c.improvements as n,
    m.value,
    m.reason
from counts as c
left join sellers as s using (period_id)
cross join lateral (
    values
    ('improvements', c.improvements, null, null, null),
    ('improvements_unverified', c.unverified, null, null, null),
    ('improvements_unlinked', c.unlinked, null, null, null),
    ('improvements_per_100_sellers', c.improvements, s.active_sellers, 100.0 * c.improvements / s.active_sellers,
     if(s.active_sellers is null, 'no_data', null)),
    ('improvement_growth', c.improvements - c.previous_improvements, c.previous_improvements, null,
     case
         when not c.has_whole_base then 'no_data'
         when not c.is_complete then 'immature'
         when c.previous_improvements = 0 then 'no_base'
     end)
) as m (metric, numerator, denominator, value, reason)
