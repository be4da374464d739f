-- A buyer's opt-ins and opt-outs, and how long the state that each began or carried on lasted.
--
-- grain: buyer_id, changed_at
-- Of two events at one instant the opt-out stands. ended_day is the day of the buyer's next event, if there is one by
-- as_of: the state at the beginning of day D is the row `day < D and D <= coalesce(ended_day, 'infinity')`.
with events as (
    select
        s.buyer_id,
        s.at as changed_at,
        max(s.event) = 'opt_out' as is_opted_out,
        any_value(cast(timezone(r.time_zone, timezone('UTC', s.at)) as date)) as day
    from raw.subscriptions as s
    cross join plan.run as r
    where s.at < r.as_of and not ref.is_excluded(s.buyer_id)
    group by s.buyer_id, s.at
)

select
    *,
    lead(day) over (partition by buyer_id order by changed_at) as ended_day
from events
order by day
