-- The customers' health at the end of each period: mean score, the healthy, those at risk, and how much of it is known.
--
-- grain: period_id, scope, entity_id, metric
-- All who had ever ordered by the period's end, or by as_of in a period that has not ended. METRICS.md A27. Scores are
-- added up in millionths, which are whole.
with latest as (
    select max(day) as latest_day
    from core.customer_scores
),

counts as (
    select
        p.period_id,
        count(*) as customers,
        count(s.health) as scored,
        count(*) filter (where s.band = 'healthy') as healthy,
        count(*) filter (where s.band = 'at_risk') as at_risk,
        count(s.satisfaction) as with_opinion,
        sum(cast(round(1000000 * s.health) as hugeint)) as total,
        sum(cast(round(1000000 * s.health) as hugeint) * cast(round(1000000 * s.health) as hugeint)) as squares
    from core.customer_scores as s
    cross join latest as l
    inner join plan.periods as p on s.day = least(p.period_end, l.latest_day)
    where p.period_type <> 'week'
    group by p.period_id
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.numerator,
    m.denominator,
    m.denominator as n,
    m.value,
    m.variance
from counts as c
cross join lateral (
    values
    (
        'health_mean', null, scored,
        cast(total as double) / (1000000 * scored),
        stats.sample_variance(scored, total, squares) / 1000000000000
    ),
    ('health_healthy_share', healthy, scored, null, null),
    ('health_at_risk_share', at_risk, scored, null, null),
    ('health_scored_share', scored, customers, null, null),
    ('health_opinion_share', with_opinion, customers, null, null)
) as m (metric, numerator, denominator, value, variance)
