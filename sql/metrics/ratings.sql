-- Stars: the mean, the mean held back by a prior, the share of four and five stars, and how many reviews there were.
--
-- grain: period_id, scope, entity_id, metric
-- rating_bayes (METRICS.md A6) is (m C + sum) / (m + n). C is the marketplace's mean of the 12 months before the period's
-- end. m = variance within / variance between the entities of the scope in those months, by the method of moments for
-- unbalanced groups, held in 5 … 50; 20 when it cannot be had. Its limits are those of the normal posterior,
-- 1.96 sqrt(variance within / (m + n)), inside 1 … 5.
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

months as (
    select
        date_trunc('month', day) as month,
        scope,
        entity_id,
        sum(ratings) as ratings,
        sum(stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5) as stars,
        sum(stars_1 + 4 * stars_2 + 9 * stars_3 + 16 * stars_4 + 25 * stars_5) as squares
    from core.review_days
    group by date_trunc('month', day), scope, entity_id
    having sum(ratings) > 0
),

past_year as (
    select
        p.period_id,
        m.scope,
        m.entity_id,
        cast(sum(m.ratings) as double) as n,
        cast(sum(m.stars) as double) as stars,
        cast(sum(m.squares) as double) as squares
    from plan.periods as p
    inner join months as m on m.month >= p.period_end - interval 12 month and m.month < p.period_end
    where p.period_type <> 'week'
    group by p.period_id, m.scope, m.entity_id
),

-- Sums of fractions in a fixed order: added up in another, a double's last digit differs from run to run.
spread as (
    select
        period_id,
        scope,
        sum(squares - stars * stars / n order by entity_id) / nullif(sum(n) - count(*), 0) as within_variance,
        (sum(stars * stars / n order by entity_id) - sum(stars) * sum(stars) / sum(n)) / nullif(count(*) - 1, 0)
            as between_mean_square,
        (sum(n) - sum(n * n) / sum(n)) / nullif(count(*) - 1, 0) as typical_size
    from past_year
    group by period_id, scope
),

priors as (
    select
        s.period_id,
        s.scope,
        a.stars / a.n as prior_mean,
        s.within_variance,
        case
            when s.within_variance is null or s.between_mean_square is null then 20
            when s.between_mean_square <= s.within_variance then 50
            else greatest(5, least(50,
                s.within_variance / ((s.between_mean_square - s.within_variance) / s.typical_size)
            ))
        end as prior_ratings
    from spread as s
    inner join past_year as a on s.period_id = a.period_id and a.scope = 'all'
),

bayes as (
    select
        c.*,
        stats.bayes_mean(p.prior_ratings, p.prior_mean, c.stars, c.ratings) as bayes_mean,
        1.959963984540054 * sqrt(p.within_variance / (p.prior_ratings + c.ratings)) as half_width
    from counts as c
    inner join priors as p using (period_id, scope)
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
