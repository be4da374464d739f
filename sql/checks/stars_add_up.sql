-- The ratings of one to five stars add up to the number of ratings, and their stars to the sum behind the mean.
--
-- of: metrics.ratings
with stars as (
    select
        period_id,
        sum(numerator) as ratings,
        sum(numerator * cast(right(metric, 1) as bigint)) as total
    from metrics.ratings
    where metric like 'review\_stars\__' escape '\' and scope = 'all'
    group by period_id
)

select
    s.period_id,
    s.ratings,
    m.denominator,
    s.total,
    m.numerator
from stars as s
inner join metrics.ratings as m on s.period_id = m.period_id and m.metric = 'rating_mean' and m.scope = 'all'
where s.ratings <> m.denominator or s.total <> m.numerator
