-- How support goes: conversations that take many turns or are opened again, and buyers' votes on speed and quality.
--
-- grain: period_id, scope, entity_id, metric
-- METRICS.md A16. A conversation belongs to the day of the buyer's first turn; it has many turns when more than three buyer turns
-- fall within the policy's days from then, and is judged once those have passed. It is closed by the first answer after
-- which the buyer asks nothing for the policy's hours, and opened again when the buyer then asks within 7 days of that
-- answer; it belongs to the answer's day and is judged once the 7 days have passed. An exempt thank-you note opens nothing.
-- A vote (1 to 5) counts on the day of the seller's message that it is for. Reason immature: none can be judged yet.
with rules as (
    select
        as_of,
        time_zone,
        cast(ref.policy('support_conversation_days') as integer) as followed_days,
        to_seconds(3600 * ref.policy('support_closed_after_hours')) as silence
    from plan.run
),

turns as (
    select
        conversation_id,
        inquiry_id,
        seller_id,
        day,
        asked_at,
        min(asked_at) over (partition by conversation_id) as begun_at
    from core.inquiries
),

begun as (
    select
        arg_min(t.day, (t.asked_at, t.inquiry_id)) as day,
        arg_min(t.seller_id, (t.asked_at, t.inquiry_id)) as seller_id,
        min(t.begun_at) + to_days(min(f.followed_days)) as judged_from,
        count(*) filter (where t.asked_at < t.begun_at + to_days(f.followed_days)) > 3 as is_counted
    from turns as t
    cross join rules as f
    group by t.conversation_id
),

answers as (
    select
        i.conversation_id,
        i.inquiry_id,
        i.seller_id,
        i.answered_at,
        lead(i.asked_at) over (partition by i.conversation_id order by i.asked_at, i.inquiry_id) as asked_again_at
    from core.inquiries as i
    where not i.is_exempt
),

closed as (
    select
        a.seller_id,
        cast(timezone(f.time_zone, timezone('UTC', a.answered_at)) as date) as day,
        a.answered_at + interval 7 day as judged_from,
        coalesce(a.asked_again_at <= judged_from, false) as is_counted
    from answers as a
    cross join rules as f
    where a.answered_at is not null and coalesce(a.asked_again_at - a.answered_at > f.silence, true)
    qualify row_number() over (partition by a.conversation_id order by a.answered_at, a.inquiry_id) = 1
),

judged as (
    select
        *,
        'conversation_many_turns_share' as metric
    from begun
    union all by name
    select
        *,
        'conversation_reopened_share' as metric
    from closed
),

conversations as (
    select
        p.period_id,
        case when grouping(j.seller_id) = 0 then 'seller' else 'all' end as scope,
        coalesce(j.seller_id, 'all') as entity_id,
        j.metric,
        count(*) filter (where j.judged_from <= r.as_of and j.is_counted) as numerator,
        count(*) filter (where j.judged_from <= r.as_of) as denominator,
        denominator as n
    from judged as j
    cross join rules as r
    inner join plan.period_days as p using (day)
    group by grouping sets ((p.period_id, j.metric), (p.period_id, j.metric, j.seller_id))
),

votes as (
    select
        p.period_id,
        case when grouping(m.seller_id) = 0 then 'seller' else 'all' end as scope,
        coalesce(m.seller_id, 'all') as entity_id,
        unnest(['message_speed_vote', 'message_quality_vote']) as metric,
        unnest([count(m.speed_vote), count(m.quality_vote)]) as n,
        unnest([sum(m.speed_vote), sum(m.quality_vote)]) as total,
        unnest([sum(m.speed_vote * m.speed_vote), sum(m.quality_vote * m.quality_vote)]) as squares
    from core.messages as m
    inner join plan.period_days as p using (day)
    where
        m.is_counted and m.sender_role = 'seller'
        and (m.speed_vote is not null or m.quality_vote is not null)
    group by grouping sets ((p.period_id), (p.period_id, m.seller_id))
)

select
    period_id,
    scope,
    entity_id,
    metric,
    numerator,
    denominator,
    n,
    case when denominator = 0 then 'immature' end as reason,
    cast(null as double) as variance
from conversations
union all by name
select
    period_id,
    scope,
    entity_id,
    metric,
    cast(total as bigint) as numerator,
    n as denominator,
    n,
    null as reason,
    stats.sample_variance(n, total, squares) as variance
from votes
where n > 0
