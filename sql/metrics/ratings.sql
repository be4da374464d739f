-- Stars: the mean, the mean held back by a prior, the share of four and five stars, and how many reviews there were.
--
-- grain: period_id, scope, entity_id, metric
-- rating_bayes (METRICS.md A6) is (m C + sum) / (m + n), C and m being those of metrics.rating_priors at the period's end.
-- Its limits are those of the normal posterior, 1.96 sqrt(variance within / (m + n)), inside 1 … 5. rating_lower_bound is
-- Miller's, for ranking products.
with counts as (
    select
        d.period_id,
        r.scope,
        r.entity_id,
        sum(r.reviews) as reviews,
        sum(r.ratings) as ratings,
        sum(r.stars_1) as stars_1,
        sum(r.stars_2) as stars_2,
        sum(r.stars_3) as stars_3,
        sum(r.stars_4) as stars_4,
        sum(r.stars_5) as stars_5,
        sum(r.stars_1 + 2 * r.stars_2 + 3 * r.stars_3 + 4 * r.stars_4 + 5 * r.stars_5) as stars,
        sum(r.stars_1 + 4 * r.stars_2 + 9 * r.stars_3 + 16 * r.stars_4 + 25 * r.stars_5) as squares
    from core.review_days as r
    inner join plan.period_days as d using (day)
    group by d.period_id, r.scope, r.entity_id
),

bayes as (
    select
        c.*,
        stats.bayes_mean(p.prior_ratings, p.prior_mean, c.stars, c.ratings) as bayes_mean,
        1.959963984540054 * sqrt(p.within_variance / (p.prior_ratings + c.ratings)) as half_width
    from counts as c
    inner join plan.periods as t using (period_id)
    inner join metrics.rating_priors as p on c.period_id = p.period_id and t.period_end = p.prior_end and c.scope = p.scope
    where c.ratings > 0
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(m.denominator as bigint) as denominator,
    cast(m.n as bigint) as n,
    null as value,
    m.variance,
    null as low,
    null as high
from counts as c
cross join lateral (
    values
    ('rating_mean', stars, ratings, ratings, stats.sample_variance(ratings, stars, squares)),
    ('rating_positive_share', stars_4 + stars_5, ratings, ratings, null),
    ('csat_proxy', stars_4 + stars_5, ratings, ratings, null),
    ('review_count', reviews, null, reviews, null),
    ('negative_review_count', stars_1 + stars_2, null, ratings, null),
    ('review_stars_1', stars_1, null, ratings, null),
    ('review_stars_2', stars_2, null, ratings, null),
    ('review_stars_3', stars_3, null, ratings, null),
    ('review_stars_4', stars_4, null, ratings, null),
    ('review_stars_5', stars_5, null, ratings, null)
) as m (metric, numerator, denominator, n, variance)
where c.scope = 'all' or m.metric not like 'review_stars_%'
union all
select
    period_id,
    scope,
    entity_id,
    'rating_bayes',
    cast(stars as bigint),
    cast(ratings as bigint),
    cast(ratings as bigint),
    bayes_mean,
    null,
    greatest(1, bayes_mean - half_width),
    least(5, bayes_mean + half_width)
from bayes
union all
select
    period_id,
    scope,
    entity_id,
    'rating_lower_bound',
    cast(stars as bigint),
    cast(ratings as bigint),
    cast(ratings as bigint),
    stats.stars_lower_bound(stars_1, stars_2, stars_3, stars_4, stars_5),
    null,
    null,
    null
from counts
where scope in ('all', 'product') and ratings > 0
