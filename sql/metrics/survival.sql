-- The curve behind the waiting times: the share still without answer or delivery, hour by hour.
--
-- grain: period_id, kind, hours
-- The marketplace as a whole, thinned to what a chart needs: reviews and inquiries every hour to the 96th, deliveries every
-- day to the 60th; the estimate itself is on exact seconds, as in metrics.waiting_times. at_risk: those known to wait longer
-- than `hours`; events: answered or delivered by then.
with waits as (
    select
        d.period_id,
        w.kind,
        w.seconds,
        w.is_over,
        (w.seconds + 3599) // 3600 as hours
    from core.waits as w
    inner join plan.period_days as d using (day)
    inner join plan.periods as p using (period_id)
    where w.scope = 'all' and p.period_type <> 'week'
),

places as (
    select
        *,
        count(*) over (partition by period_id, kind)
        - row_number() over (partition by period_id, kind order by seconds, is_over desc) + 1 as at_risk
    from waits
),

curves as (
    select
        period_id,
        kind,
        hours,
        case when at_risk > 1 then exp(-sum(stats.hazard(at_risk)) over so_far / pow(2, 48)) else 0 end as surviving,
        sum(stats.greenwood(at_risk)) over so_far / pow(2, 52) as greenwood
    from places
    where is_over
    window so_far as (partition by period_id, kind order by at_risk desc)
),

estimates as (
    select
        period_id,
        kind,
        hours,
        min(surviving) as surviving,
        max(greenwood) as greenwood
    from curves
    group by period_id, kind, hours
),

waits_by_hour as (
    select
        period_id,
        kind,
        hours,
        count(*) as leaving,
        count(*) filter (where is_over) as events
    from waits
    group by period_id, kind, hours
),

followed as (
    select
        period_id,
        kind,
        sum(leaving) as waits
    from waits_by_hour
    group by period_id, kind
),

grid as (
    select
        *,
        unnest(case when kind = 'delivery' then range(0, 1441, 24) else range(0, 97) end) as hours
    from followed
),

counts as (
    select
        g.period_id,
        g.kind,
        g.hours,
        g.waits - coalesce(sum(w.leaving), 0) as at_risk,
        coalesce(sum(w.events), 0) as events
    from grid as g
    left join waits_by_hour as w on g.period_id = w.period_id and g.kind = w.kind and g.hours >= w.hours
    group by g.period_id, g.kind, g.hours, g.waits
)

select
    c.period_id,
    c.kind,
    cast(c.hours as integer) as hours,
    coalesce(e.surviving, 1) as surviving,
    stats.survival_low(coalesce(e.surviving, 1), e.greenwood) as low,
    stats.survival_high(coalesce(e.surviving, 1), e.greenwood) as high,
    cast(c.at_risk as bigint) as at_risk,
    cast(c.events as bigint) as events
from counts as c
asof left join estimates as e on c.period_id = e.period_id and c.kind = e.kind and c.hours >= e.hours
