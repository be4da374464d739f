-- What the quarter's messages will come to, how likely the target is, and how well such forecasts did so far.
--
-- grain: period_id, scope, entity_id, metric
-- The forecast as seen at as_of; of a quarter that is over, the count itself, certain. Every earlier view of the quarter, with
-- 80 % limits and method, is a row of metrics.message_forecasts. Reasons of its own: too_early (fewer than seven days seen),
-- too_short (fewer than eight whole weeks before), no_target.
-- Coverage: over all quarters up to this one that are over, how many forecasts made inside them had limits that held the
-- final count. The cuts of one quarter are not independent, so the Wilson limits are a little too narrow.
with views as (
    select distinct
        p.period_id,
        f.period_id as forecast_of,
        f.cut_day,
        f.is_inside_80,
        f.is_inside_95
    from plan.periods as p
    inner join metrics.message_forecasts as f on p.period_id >= f.period_id
    where p.period_type = 'quarter' and f.is_inside_95 is not null
),

coverage as (
    select
        period_id,
        count(*) filter (where is_inside_80) as inside_80,
        count(*) filter (where is_inside_95) as inside_95,
        count(*) as forecasts
    from views
    group by period_id
)

select
    f.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    m.value,
    m.numerator,
    m.denominator,
    f.observed as n,
    m.low,
    m.high,
    m.reason
from metrics.message_forecasts as f
cross join lateral (
    values
    ('message_forecast', forecast, actual, cast(null as bigint), low_95, high_95, reason),
    (
        'message_target_probability', probability, null, null, null, null,
        case when target is null then 'no_target' else reason end
    )
) as m (metric, value, numerator, denominator, low, high, reason)
inner join plan.periods as p on f.period_id = p.period_id
where f.seen_from = 'as_of'
union all
select
    c.period_id,
    'all',
    'all',
    m.metric,
    null,
    m.numerator,
    c.forecasts,
    c.forecasts,
    null,
    null,
    null
from coverage as c
cross join lateral (
    values ('message_forecast_coverage', inside_95), ('message_forecast_coverage_80', inside_80)
) as m (metric, numerator)
