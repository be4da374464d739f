-- When messages are written: each hour of the week in office time, on average, busiest first.
--
-- grain: period_id, weekday, hour
-- weekday 1 is Monday. slots: how often that hour has begun in the period before as_of, since our first day. The limits are
-- Poisson's, by Byar's approximation (Breslow & Day 1987), which is within 0.2 % of the exact ones from 10 on; cells with
-- fewer than 10 messages are suppressed.
with slots as (
    select
        d.period_id,
        isodow(d.day) as weekday,
        h.hour,
        count(*) as slots
    from plan.period_days as d
    cross join plan.run as r
    cross join range(24) as h (hour)
    where d.day >= r.first_day and d.day + to_hours(h.hour) < timezone(r.time_zone, timezone('UTC', r.as_of))
    group by d.period_id, weekday, h.hour
),

sent as (
    select
        d.period_id,
        isodow(h.day) as weekday,
        h.hour,
        cast(sum(h.counted) as bigint) as messages
    from core.message_hours as h
    inner join plan.period_days as d using (day)
    group by d.period_id, weekday, h.hour
),

cells as (
    select
        s.period_id,
        cast(s.weekday as integer) as weekday,
        cast(s.hour as integer) as hour,
        coalesce(m.messages, 0) as messages,
        s.slots,
        coalesce(m.messages, 0) between 1 and 9 as is_suppressed
    from slots as s
    left join sent as m using (period_id, weekday, hour)
    where 'messages' in (select need from ref.measured)
)

select
    period_id,
    weekday,
    hour,
    messages,
    slots,
    case when not is_suppressed then messages / slots end as per_slot,
    case when not is_suppressed then stats.poisson_low(messages) / slots end as low,
    case when not is_suppressed then stats.poisson_high(messages) / slots end as high,
    case
        when not is_suppressed
            then cast(rank() over (partition by period_id, is_suppressed order by messages / slots desc) as integer)
    end as rank,
    case when is_suppressed then 'suppressed' end as reason
from cells
