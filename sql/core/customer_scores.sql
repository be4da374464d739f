-- How each customer stood at the beginning of a day: recency, frequency, net spend, satisfaction, service, and the
-- health score of these (METRICS.md A27).
--
-- grain: day, buyer_id
-- Days: the end of every planned month and quarter (or the day after the last known one), the start of every planned
-- quarter; the latest is the state at as_of. Customers are all who had ever ordered. A score of 1 to 5 is 1 + floor(5 x
-- share strictly below), so that equal customers score alike, which NTILE would not do. Satisfaction is the latest own
-- rating or CSAT answer; service falls for each inquiry open and unanswered for 48 hours and each recent return, and is
-- unknown unless messages and returns both came. An unknown part takes its weight out; with too little weight left
-- nobody is scored. next_order_day looks ahead of the day, for the check of what the scores foretell.
with known as (
    select
        *,
        cast(timezone(time_zone, timezone('UTC', as_of - to_microseconds(1))) as date) + 1 as until_day
    from plan.run
),

days as (
    select
        unnest([least(p.period_end, k.until_day), p.period_start, k.until_day]) as day,
        unnest([p.period_type in ('month', 'quarter'), p.period_type = 'quarter', true]) as is_wanted
    from plan.periods as p
    cross join known as k
),

moments as (
    select
        d.day,
        least(k.as_of, timezone('UTC', timezone(k.time_zone, cast(d.day as timestamp)))) as moment
    from days as d
    cross join known as k
    where d.is_wanted
    group by d.day, k.as_of, k.time_zone
),

customers as (
    select
        d.day,
        b.buyer_id,
        b.day as last_day,
        b.next_day as next_order_day,
        b.order_days_to_date as order_days,
        b.net_cents_to_date as net_cents
    from core.buyer_days as b
    inner join moments as d on b.day < d.day and d.day <= coalesce(b.next_day, cast('infinity' as date))
),

scored as (
    select
        *,
        stats.fifth(rank() over (partition by day order by last_day), count(*) over (partition by day)) as recency,
        stats.fifth(rank() over (partition by day order by order_days), count(*) over (partition by day)) as frequency,
        stats.fifth(rank() over (partition by day order by net_cents), count(*) over (partition by day)) as monetary
    from customers
),

opinions as (
    select
        buyer_id,
        day,
        created_at as said_at,
        review_id as opinion_id,
        25.0 * (stars - 1) as satisfaction
    from core.reviews
    where is_rated
    union all
    select
        respondent_id,
        day,
        answered_at,
        response_id,
        100.0 * (score - scale_min) / (scale_max - scale_min)
    from core.survey_answers
    where role = 'buyer' and instrument = 'csat'
),

last_opinions as (
    select
        buyer_id,
        day,
        arg_max(satisfaction, (said_at, opinion_id)) as satisfaction,
        lead(day) over (partition by buyer_id order by day) as next_day
    from opinions
    group by buyer_id, day
),

incidents as (
    select
        d.day,
        m.sender_id as buyer_id
    from core.inquiries as i
    inner join core.messages as m on i.inquiry_id = m.message_id
    inner join moments as d
        on i.asked_at + to_hours(48) <= d.moment and d.moment <= coalesce(i.answered_at, cast('infinity' as timestamp))
    where not i.is_exempt
    union all
    select
        d.day,
        f.buyer_id
    from core.returns as f
    inner join moments as d on f.day < d.day and d.day - cast(ref.policy('health_return_days') as integer) <= f.day
),

services as (
    select
        day,
        buyer_id,
        greatest(0, 100 - ref.policy('health_incident_points') * count(*)) as service
    from incidents
    group by day, buyer_id
),

measured as (
    select count(*) = 2 as is_service_known
    from ref.measured
    where need in ('messages', 'returns')
),

parts as (
    select
        s.*,
        o.satisfaction,
        case when m.is_service_known then coalesce(v.service, 100.0) end as service
    from scored as s
    cross join measured as m
    left join last_opinions as o
        on s.buyer_id = o.buyer_id and o.day < s.day and s.day <= coalesce(o.next_day, cast('infinity' as date))
    left join services as v on s.day = v.day and s.buyer_id = v.buyer_id
),

weighed as (
    select
        *,
        [
            ref.policy('health_weight_recency'),
            ref.policy('health_weight_frequency'),
            ref.policy('health_weight_monetary'),
            ref.policy('health_weight_satisfaction'),
            ref.policy('health_weight_service')
        ] as weights,
        [25.0 * (recency - 1), 25.0 * (frequency - 1), 25.0 * (monetary - 1), satisfaction, service] as scores
    from parts
),

healths as (
    select
        *,
        stats.weight_known(weights, scores) as coverage_share,
        -- Rounded far below what is printed, so that a score of exactly 70 is one.
        case
            when round(coverage_share, 9) >= ref.policy('health_least_weight_share')
                then round(stats.weighted_score(weights, scores), 6)
        end as health
    from weighed
)

select
    day,
    buyer_id,
    last_day,
    order_days,
    net_cents,
    recency as recency_score,
    frequency as frequency_score,
    monetary as monetary_score,
    satisfaction,
    service,
    coverage_share,
    health,
    case
        when health is null then 'not_scored'
        when health >= ref.policy('health_healthy_from') then 'healthy'
        when health < ref.policy('health_at_risk_below') then 'at_risk'
        else 'watch'
    end as band,
    next_order_day
from healths
order by day
