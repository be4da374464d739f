-- The active sellers of each month and quarter, why each is one, and the training that it took.
--
-- grain: period_id, seller_id
-- Active (METRICS.md A28): a completed order, a message written, or a product listed in the period, by a seller that joined
-- at least active_seller_joined_days before its end (one without a joining date has). What happens after the period's end
-- does not change it: an order cancelled later still stood then. No export tells of changes to a listing; a product created
-- stands for them. Took part: attended a live session or started a course; a registration alone is none. Engaged: a visit
-- to the hub or a live session, each of which is a session.
with spans as (
    select
        p.period_id,
        p.period_end,
        timezone('UTC', timezone(r.time_zone, cast(p.period_end as timestamp))) as ends_at
    from plan.periods as p
    cross join plan.run as r
    where p.period_type <> 'week'
),

days as (
    select
        d.day,
        s.*
    from plan.period_days as d
    inner join spans as s using (period_id)
),

order_days as (
    select distinct
        day,
        seller_id,
        cancelled_at
    from core.order_lines
    where is_sale or cancelled_at is not null
),

message_days as (
    select distinct
        day,
        seller_id
    from core.messages
    where is_counted and sender_role = 'seller'
),

product_days as (
    select distinct
        cast(timezone(r.time_zone, timezone('UTC', p.created_at)) as date) as day,
        p.seller_id
    from raw.products as p
    cross join plan.run as r
    where p.seller_id is not null and p.created_at < r.as_of and not ref.is_excluded(p.seller_id)
),

deeds as (
    select
        d.period_id,
        d.period_end,
        o.seller_id,
        'order' as deed
    from order_days as o
    inner join days as d using (day)
    where o.cancelled_at is null or o.cancelled_at >= d.ends_at
    union all
    select
        d.period_id,
        d.period_end,
        m.seller_id,
        'message'
    from message_days as m
    inner join days as d using (day)
    union all
    select
        d.period_id,
        d.period_end,
        p.seller_id,
        'product'
    from product_days as p
    inner join days as d using (day)
),

active as (
    select
        a.period_id,
        a.seller_id,
        bool_or(a.deed = 'order') as has_order,
        bool_or(a.deed = 'message') as has_message,
        bool_or(a.deed = 'product') as has_new_product
    from deeds as a
    cross join plan.run as r
    left join core.sellers as s using (seller_id)
    where
        s.joined_at is null
        or a.period_end - cast(timezone(r.time_zone, timezone('UTC', s.joined_at)) as date)
        >= ref.policy('active_seller_joined_days')
    group by a.period_id, a.seller_id
),

training as (
    select
        d.period_id,
        t.seller_id,
        bool_or(t.event in ('attended', 'started')) as is_participant,
        bool_or(t.is_review_course and t.event in ('attended', 'started', 'completed')) as is_starter,
        bool_or(t.is_review_course and t.event = 'completed') as is_completer,
        count(*) filter (where t.event in ('visited', 'attended')) as sessions
    from core.training as t
    inner join days as d using (day)
    group by d.period_id, t.seller_id
),

answers as (
    select distinct
        d.period_id,
        s.respondent_id as seller_id
    from core.survey_answers as s
    inner join days as d using (day)
    where s.role = 'seller' and s.instrument = 'education'
)

select
    a.period_id,
    a.seller_id,
    a.has_order,
    a.has_message,
    a.has_new_product,
    coalesce(t.is_participant, false) as is_participant,
    coalesce(t.is_starter, false) as is_review_course_starter,
    coalesce(t.is_completer, false) as is_review_course_completer,
    coalesce(t.sessions, 0) as sessions,
    s.seller_id is not null as has_answered_survey
from active as a
left join training as t using (period_id, seller_id)
left join answers as s using (period_id, seller_id)
