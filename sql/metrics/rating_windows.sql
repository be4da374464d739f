-- The average rating over longer windows than the period: the twelve months that end with it, and all time until its end.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A5: windows are always labelled. Of months and quarters, which end with a month. Only entities with a rating
-- in the twelve months have a row of either.
with sums as (
    select
        p.period_id,
        m.scope,
        m.entity_id,
        sum(m.ratings) as ratings,
        sum(m.stars) as stars,
        sum(m.squares) as squares,
        sum(m.ratings) filter (where m.month >= p.period_end - interval 12 month) as year_ratings,
        sum(m.stars) filter (where m.month >= p.period_end - interval 12 month) as year_stars,
        sum(m.squares) filter (where m.month >= p.period_end - interval 12 month) as year_squares
    from plan.periods as p
    inner join core.rating_months as m on p.period_end > m.month
    where p.period_type <> 'week'
    group by p.period_id, m.scope, m.entity_id
)

select
    s.period_id,
    s.scope,
    s.entity_id,
    m.metric,
    cast(m.stars as bigint) as numerator,
    cast(m.ratings as bigint) as denominator,
    cast(m.ratings as bigint) as n,
    stats.sample_variance(m.ratings, m.stars, m.squares) as variance
from sums as s
cross join lateral (
    values
    ('rating_mean_12m', year_ratings, year_stars, year_squares),
    ('rating_mean_all_time', ratings, stars, squares)
) as m (metric, ratings, stars, squares)
where s.year_ratings > 0
