-- How much is written: counted messages by role, automated ones apart, who writes, and which side begins.
--
-- grain: period_id, scope, entity_id, metric
-- Counted: by a person, buyer or seller, no spam, no exact duplicate (core.messages). A person with both roles counts once in
-- each and once in the total. A conversation belongs to the period of its first counted message.
with volumes as (
    select
        d.period_id,
        case when grouping(h.sender_role) = 0 then 'role' else 'all' end as scope,
        coalesce(h.sender_role, 'all') as entity_id,
        sum(h.counted) as counted,
        sum(h.automated) as automated
    from core.message_hours as h
    inner join plan.period_days as d using (day)
    group by grouping sets ((d.period_id), (d.period_id, h.sender_role))
),

senders as (
    select distinct
        d.period_id,
        m.sender_role,
        m.sender_id
    from core.messages as m
    inner join plan.period_days as d using (day)
    where m.is_counted
),

active as (
    select
        period_id,
        case when grouping(sender_role) = 0 then 'role' else 'all' end as scope,
        coalesce(sender_role, 'all') as entity_id,
        count(distinct sender_id) as senders
    from senders
    group by grouping sets ((period_id), (period_id, sender_role))
),

begun as (
    select
        d.period_id,
        count(*) filter (where c.started_by_role = 'seller') as by_seller,
        count(*) as conversations
    from core.conversations as c
    inner join plan.period_days as d using (day)
    group by d.period_id
)

select
    v.period_id,
    v.scope,
    v.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(null as bigint) as denominator,
    cast(m.numerator as bigint) as n
from volumes as v
cross join lateral (values ('message_count', counted), ('message_automated_count', automated)) as m (metric, numerator)
where v.scope = 'all' or v.entity_id in ('buyer', 'seller')
union all
select
    period_id,
    scope,
    entity_id,
    'active_messagers',
    senders,
    null,
    senders
from active
union all
select
    period_id,
    'all',
    'all',
    'seller_initiated_share',
    by_seller,
    conversations,
    conversations
from begun
