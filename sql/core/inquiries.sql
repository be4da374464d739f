-- One row per inquiry: the first message of an unbroken run of a buyer's messages in a conversation, and its answer.
--
-- grain: inquiry_id
-- Only counted messages make turns, so an automatic reply neither answers nor breaks a run. The answer is the first
-- message that a seller writes afterwards. Exempt (METRICS.md A12): unanswered, and either flagged as needing no answer,
-- or the thank-you note at the end of a conversation in which a seller had written: no question, at most 12 words, thanks
-- and no problem word.
with ordered as (
    select
        message_id,
        conversation_id,
        sender_role,
        seller_id,
        sent_at,
        day,
        lag(sender_role) over (partition by conversation_id order by sent_at, message_id) as role_before
    from core.messages
    where is_counted
),

turns as (
    select
        *,
        lead(sent_at) over (partition by conversation_id order by sent_at, message_id) as next_turn_at
    from ordered
    where sender_role is distinct from role_before
),

inquiries as (
    select
        message_id as inquiry_id,
        conversation_id,
        seller_id,
        sent_at as asked_at,
        day,
        next_turn_at as answered_at,
        role_before is null as is_first_of_conversation
    from turns
    where sender_role = 'buyer'
),

exempt as (
    select i.inquiry_id
    from inquiries as i
    inner join core.messages as m on i.conversation_id = m.conversation_id and i.asked_at <= m.sent_at
    where i.answered_at is null and m.is_counted and m.sender_role = 'buyer'
    group by i.inquiry_id, i.is_first_of_conversation
    having
        stats.asks_nothing(
            bool_or(m.needs_response),
            i.is_first_of_conversation,
            sum(m.body_words),
            bool_or(m.says_thanks),
            bool_or(m.has_question)
        )
)

select
    i.*,
    e.inquiry_id is not null as is_exempt
from inquiries as i
left join exempt as e using (inquiry_id)
order by i.day
