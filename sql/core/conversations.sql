-- One row per conversation with at least one counted message: who wrote first, and when.
--
-- grain: conversation_id
select
    conversation_id,
    min(day) as day,
    min(sent_at) as started_at,
    arg_min(sender_role, (sent_at, message_id)) as started_by_role,
    count(*) as messages
from core.messages
where is_counted
group by conversation_id
order by day
