-- What adjusted ratings are held towards: the marketplace's mean of 12 months, and for how many ratings it counts.
--
-- grain: period_id, prior_end, scope
-- prior_end: the 12 months end on this day: the period's end, for its own ratings; of a quarter also its beginning and the
-- previous quarter's, for the ratings of the two quarters before. prior_ratings is variance within / variance between the entities of the
-- scope in those months, by the method of moments for unbalanced groups, held in 5 … 50; 20 when it cannot be had
-- (METRICS.md A6).
with ends as (
    select
        period_id,
        unnest(
            case when period_type = 'quarter' then [period_end, period_start, previous_start] else [period_end] end
        ) as prior_end
    from plan.periods
    where period_type <> 'week'
),

past_year as (
    select
        e.period_id,
        e.prior_end,
        m.scope,
        m.entity_id,
        cast(sum(m.ratings) as double) as n,
        cast(sum(m.stars) as double) as stars,
        cast(sum(m.squares) as double) as squares
    from ends as e
    inner join core.rating_months as m on m.month >= e.prior_end - interval 12 month and m.month < e.prior_end
    group by e.period_id, e.prior_end, m.scope, m.entity_id
),

-- Sums of fractions in a fixed order: added up in another, a double's last digit differs from run to run.
spread as (
    select
        period_id,
        prior_end,
        scope,
        sum(squares - stars * stars / n order by entity_id) / nullif(sum(n) - count(*), 0) as within_variance,
        (sum(stars * stars / n order by entity_id) - sum(stars) * sum(stars) / sum(n)) / nullif(count(*) - 1, 0)
            as between_mean_square,
        (sum(n) - sum(n * n) / sum(n)) / nullif(count(*) - 1, 0) as typical_size
    from past_year
    group by period_id, prior_end, scope
)

select
    s.period_id,
    s.prior_end,
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
inner join past_year as a on s.period_id = a.period_id and s.prior_end = a.prior_end and a.scope = 'all'
