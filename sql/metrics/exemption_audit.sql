-- Twenty exempt inquiries of each month, for a person to read whether the thank-you exemption leaves out the right ones.
--
-- grain: period_id, position
-- The sample of METRICS.md A12: the first by the MD5 of month and id, so that the same inquiries give the same sample, and
-- nobody has chosen it. exempt is how many there were. Message texts are not kept: conversation_id leads to them in the
-- marketplace. The other columns are what the rule went by: the flag, or the words that the buyer wrote last.
with exempt as (
    select
        p.period_id,
        i.*,
        count(*) over (partition by p.period_id) as exempt,
        row_number() over (
            partition by p.period_id order by md5(p.period_id || '|' || i.inquiry_id), i.inquiry_id
        ) as position
    from core.inquiries as i
    inner join plan.period_days as d using (day)
    inner join plan.periods as p using (period_id)
    where i.is_exempt and p.period_type = 'month'
),

chosen as (
    select * from exempt
    where position <= 20
),

written as (
    select
        c.period_id,
        c.inquiry_id,
        count(*) as messages,
        bool_or(m.needs_response) as needs_response,
        sum(m.body_words) as body_words,
        bool_or(m.says_thanks) as says_thanks,
        bool_or(m.has_question) as has_question
    from chosen as c
    inner join core.messages as m on c.conversation_id = m.conversation_id and c.asked_at <= m.sent_at
    where m.is_counted and m.sender_role = 'buyer'
    group by c.period_id, c.inquiry_id
)

select
    c.period_id,
    c.position,
    c.exempt,
    c.inquiry_id,
    c.conversation_id,
    c.seller_id,
    c.day,
    c.asked_at,
    case when w.needs_response = false then 'flagged' else 'thank_you' end as exempt_by,
    w.messages,
    cast(w.body_words as bigint) as body_words,
    w.says_thanks,
    w.has_question
from chosen as c
inner join written as w using (period_id, inquiry_id)
