-- Net sentiment: how many more ratings are positive (four or five stars) than negative (one or two), in points of 100.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A26. From the stars alone, the same in every language. Three stars are neutral: they count below the line only.
-- The variance is that of scores +1, 0 and -1, as of a Net Promoter Score.
with counts as (
    select
        d.period_id,
        r.scope,
        r.entity_id,
        sum(r.ratings) as ratings,
        sum(r.stars_4 + r.stars_5) as positive,
        sum(r.stars_1 + r.stars_2) as negative
    from core.review_days as r
    inner join plan.period_days as d using (day)
    group by d.period_id, r.scope, r.entity_id
    having sum(r.ratings) > 0
)

select
    period_id,
    scope,
    entity_id,
    'sentiment_net' as metric,
    positive - negative as numerator,
    ratings as denominator,
    ratings as n,
    100 * (positive - negative) / ratings as value,
    (positive + negative) / ratings - pow((positive - negative) / ratings, 2) as variance
from counts
