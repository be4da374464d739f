-- One row per survey answer of a buyer or seller, given before as_of.
--
-- grain: response_id
-- Which answer of a respondent is the latest depends on the period, so the metric decides it. is_satisfied is the top two
-- boxes of the answer's own scale.
select
    s.response_id,
    s.respondent_id,
    s.role,
    s.instrument,
    s.touchpoint,
    s.score,
    s.scale_min,
    s.scale_max,
    s.score >= s.scale_max - 1 as is_satisfied,
    s.order_id,
    s.answered_at,
    cast(timezone(r.time_zone, timezone('UTC', s.answered_at)) as date) as day
from raw.surveys as s
cross join plan.run as r
where s.answered_at < r.as_of and not ref.is_excluded(s.respondent_id)
order by day
