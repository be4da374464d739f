-- Buyers' inquiries that nobody has answered a day later or more, oldest first: what to remind sellers of.
--
-- grain: inquiry_id
-- As of as_of, without the exempt ones (METRICS.md A12, A21). age is 24_to_48_hours, which are not due yet and pending in
-- the metrics, 2_to_7_days or over_7_days; the last two make up unanswered_inquiries. messages counts what the buyer has
-- written since the seller's last word.
with waiting as (
    select
        i.inquiry_id,
        i.conversation_id,
        i.seller_id,
        i.day,
        i.asked_at,
        i.is_first_of_conversation,
        r.as_of - i.asked_at as waited,
        epoch(r.as_of - i.asked_at) / 3600 as hours_waiting
    from core.inquiries as i
    cross join plan.run as r
    where i.answered_at is null and not i.is_exempt and r.as_of - i.asked_at >= interval 24 hour
),

written as (
    select
        w.inquiry_id,
        count(*) as messages,
        max(m.sent_at) as last_message_at
    from waiting as w
    inner join core.messages as m on w.conversation_id = m.conversation_id and w.asked_at <= m.sent_at
    where m.is_counted and m.sender_role = 'buyer'
    group by w.inquiry_id
)

select
    w.inquiry_id,
    w.day,
    w.asked_at,
    w.seller_id,
    m.sender_id as buyer_id,
    w.conversation_id,
    m.order_id,
    m.product_id,
    w.is_first_of_conversation,
    n.messages,
    n.last_message_at,
    w.hours_waiting,
    case
        when w.waited < interval 48 hour then '24_to_48_hours'
        when w.waited <= interval 7 day then '2_to_7_days'
        else 'over_7_days'
    end as age
from waiting as w
inner join raw.messages as m on w.inquiry_id = m.message_id
inner join written as n using (inquiry_id)
order by w.asked_at, w.inquiry_id
