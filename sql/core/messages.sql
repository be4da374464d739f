-- One row per message: whose conversation it belongs to, and whether it counts.
--
-- grain: message_id
-- Counted: written by a person, buyer or seller, not spam, not to oneself, and not an exact duplicate (same sender,
-- conversation and body within 60 seconds of the one before). Without a conversation_id a conversation is what the same
-- two accounts write about the same order and product with gaps of at most 14 days. Rows stay in the order of raw.messages,
-- which is nearly that of time: sorting the widest table costs more than the periods' scans save.
with unnamed as (
    select
        message_id,
        sent_at,
        concat_ws('|', 'pair', least(sender_id, recipient_id), greatest(sender_id, recipient_id), order_id, product_id)
            as pair
    from raw.messages
    where conversation_id is null
),

gaps as (
    select
        *,
        coalesce(sent_at - lag(sent_at) over (partition by pair order by sent_at, message_id) > interval 14 day, true)
            as is_new
    from unnamed
),

inferred as (
    select
        message_id,
        concat_ws('|', pair, sum(cast(is_new as integer)) over (partition by pair order by sent_at, message_id))
            as conversation_id
    from gaps
),

bodies as (
    select
        m.message_id,
        m.sent_at,
        m.sender_id,
        coalesce(m.conversation_id, i.conversation_id) as conversation_id,
        m.body_digest
    from raw.messages as m
    left join inferred as i using (message_id)
    where m.body_digest is not null
),

-- Most bodies are sent once: only the rest is sorted.
sent_twice as (
    select hash(sender_id, conversation_id, body_digest) as body
    from bodies
    group by body
    having count(*) > 1
),

duplicates as (
    select message_id
    from bodies
    where hash(sender_id, conversation_id, body_digest) in (select body from sent_twice)
    qualify
        sent_at - lag(sent_at) over (partition by sender_id, conversation_id, body_digest order by sent_at, message_id)
        <= interval 60 second
)

select
    m.message_id,
    coalesce(m.conversation_id, i.conversation_id) as conversation_id,
    m.sender_id,
    m.sender_role,
    case when m.sender_role = 'seller' then m.sender_id else m.recipient_id end as seller_id,
    m.sent_at,
    cast(timezone(r.time_zone, timezone('UTC', m.sent_at)) as date) as day,
    hour(timezone(r.time_zone, timezone('UTC', m.sent_at))) as hour,
    m.order_id,
    coalesce(m.is_automated, false) or m.sender_role = 'system' as is_automated,
    m.sender_role in ('buyer', 'seller') and not coalesce(m.is_automated, false) and not coalesce(m.is_spam, false)
    and m.sender_id <> m.recipient_id and d.message_id is null as is_counted,
    m.body_words,
    m.has_question,
    m.says_thanks,
    m.needs_response,
    m.speed_vote,
    m.quality_vote
from raw.messages as m
cross join plan.run as r
left join inferred as i using (message_id)
left join duplicates as d using (message_id)
where
    m.sent_at < r.as_of and not ref.is_excluded(m.sender_id) and not ref.is_excluded(m.recipient_id)
    and (
        m.sender_role in ('buyer', 'seller')
        or coalesce(m.recipient_id not in (select pseudonym from ref.excluded_accounts), true)
    )
