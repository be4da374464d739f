-- A period's unanswered inquiries by how long they have waited at as_of (METRICS.md A21).
--
-- grain: period_id, scope, entity_id, metric
-- The same inquiries as in metrics.open_inquiries. Of two days and more there are as many as unanswered_inquiries counts;
-- between 24 and 48 hours they are not due yet. n counts the inquiries of that age, answered or not, without exempt ones.
with days as (
    select
        i.day,
        r.as_of - i.asked_at as age,
        i.answered_at is null as is_open
    from core.inquiries as i
    cross join plan.run as r
    where not i.is_exempt
),

counts as (
    select
        p.period_id,
        count(*) filter (where d.age >= interval 24 hour and d.age < interval 48 hour) as first_due,
        count(*) filter (where d.is_open and d.age >= interval 24 hour and d.age < interval 48 hour) as first_open,
        count(*) filter (where d.age >= interval 48 hour and d.age <= interval 7 day) as second_due,
        count(*) filter (where d.is_open and d.age >= interval 48 hour and d.age <= interval 7 day) as second_open,
        count(*) filter (where d.age > interval 7 day) as third_due,
        count(*) filter (where d.is_open and d.age > interval 7 day) as third_open
    from days as d
    inner join plan.period_days as p using (day)
    group by p.period_id
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.numerator,
    m.n
from counts as c
cross join lateral (
    values
    ('unanswered_24_to_48_hours', first_open, first_due),
    ('unanswered_2_to_7_days', second_open, second_due),
    ('unanswered_over_7_days', third_open, third_due)
) as m (metric, numerator, n)
