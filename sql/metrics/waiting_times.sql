-- How long people wait: Kaplan–Meier median and 90th percentile of the hours to an answer and the days to a delivery.
--
-- grain: period_id, scope, entity_id, metric
-- S(t) = product over the events up to t of (1 - 1 / at risk), so that those still waiting count for as long as they have
-- waited; of equal times events come first. A percentile is the smallest t with S(t) <= 0.5 (0.1). Its limits are where the
-- log-log limits of S, by Greenwood's variance, cross the same line (Brookmeyer & Crowley 1982). A line that is never crossed:
-- not_reached. Logarithms are doubles, so 1e-9 is allowed for. Numerator: those whose wait is over; denominator: all.
with planned as (
    select
        period_id,
        row_number() over () as period_number
    from plan.periods
    where period_type <> 'week'
),

-- Numbers for names: sorting ten million rows by four texts costs three times as much.
subjects as (
    select
        kind,
        scope,
        entity_id,
        row_number() over () as subject_number
    from core.waits
    group by kind, scope, entity_id
),

waits as (
    select
        p.period_number,
        s.subject_number,
        w.seconds,
        w.is_over
    from core.waits as w
    inner join plan.period_days as d using (day)
    inner join planned as p using (period_id)
    inner join subjects as s using (kind, scope, entity_id)
),

places as (
    select
        *,
        count(*) over (partition by period_number, subject_number)
        - row_number() over (partition by period_number, subject_number order by seconds, is_over desc) + 1 as at_risk
    from waits
),

curves as (
    select
        period_number,
        subject_number,
        seconds,
        case when at_risk > 1 then exp(-sum(stats.hazard(at_risk)) over so_far / pow(2, 48)) else 0 end as surviving,
        sum(stats.greenwood(at_risk)) over so_far / pow(2, 52) as greenwood
    from places
    where is_over
    window so_far as (partition by period_number, subject_number order by at_risk desc)
),

limits as (
    select
        *,
        stats.survival_low(surviving, greenwood) as low,
        stats.survival_high(surviving, greenwood) as high
    from curves
    where surviving < 1
),

percentiles as (
    select
        period_number,
        subject_number,
        min(seconds) filter (where surviving <= 0.5 + 1e-9) as median,
        min(seconds) filter (where low <= 0.5 + 1e-9) as median_low,
        min(seconds) filter (where high <= 0.5 + 1e-9) as median_high,
        min(seconds) filter (where surviving <= 0.1 + 1e-9) as p90,
        min(seconds) filter (where low <= 0.1 + 1e-9) as p90_low,
        min(seconds) filter (where high <= 0.1 + 1e-9) as p90_high
    from limits
    group by period_number, subject_number
),

followed as (
    select
        period_number,
        subject_number,
        count(*) filter (where is_over) as events,
        count(*) as waits
    from waits
    group by period_number, subject_number
)

select
    n.period_id,
    s.scope,
    s.entity_id,
    m.metric,
    f.events as numerator,
    f.waits as denominator,
    f.waits as n,
    m.seconds / m.unit_seconds as value,
    m.low / m.unit_seconds as low,
    m.high / m.unit_seconds as high,
    case when m.seconds is null then 'not_reached' end as reason
from followed as f
inner join planned as n using (period_number)
inner join subjects as s using (subject_number)
left join percentiles as p using (period_number, subject_number)
cross join lateral (
    values
    ('review', 'review_response_hours_median', p.median, p.median_low, p.median_high, 3600),
    ('review', 'review_response_hours_p90', p.p90, p.p90_low, p.p90_high, 3600),
    ('inquiry', 'inquiry_response_hours_median', p.median, p.median_low, p.median_high, 3600),
    ('inquiry', 'inquiry_response_hours_p90', p.p90, p.p90_low, p.p90_high, 3600),
    ('delivery', 'delivery_days_median', p.median, p.median_low, p.median_high, 86400)
) as m (kind, metric, seconds, low, high, unit_seconds)
where s.kind = m.kind
