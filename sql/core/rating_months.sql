-- Ratings by calendar month and by what they speak of, for what looks over many months: priors and trends.
--
-- grain: month, scope, entity_id
-- month is its first day. Only months with a rating; stars is their sum and squares the sum of their squares.
select
    cast(date_trunc('month', day) as date) as month,
    scope,
    entity_id,
    cast(sum(ratings) as bigint) as ratings,
    cast(sum(stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5) as bigint) as stars,
    cast(sum(stars_1 + 4 * stars_2 + 9 * stars_3 + 16 * stars_4 + 25 * stars_5) as bigint) as squares
from core.review_days
group by date_trunc('month', day), scope, entity_id
having sum(ratings) > 0
order by month
