-- Buyers' inquiries and how sellers answer them, with the thank-you exemption (METRICS.md A12).
--
-- grain: period_id, scope, entity_id, metric
-- Headline: answered / (mature - exempt), one inquiry for each turn of a buyer. Only inquiries whose time has run out at
-- as_of count, answered or not; the younger ones are pending. Exactly 48:00:00 is within 48 hours.
with inquiries as (
    select
        i.*,
        i.answered_at is not null as is_answered,
        r.as_of - i.asked_at >= interval 24 hour as is_mature_24h,
        r.as_of - i.asked_at >= interval 48 hour as is_mature,
        i.answered_at - i.asked_at <= interval 24 hour as is_answered_24h,
        i.answered_at - i.asked_at <= interval 48 hour as is_answered_48h
    from core.inquiries as i
    cross join plan.run as r
),

days as (
    select
        day,
        case when grouping(seller_id) = 0 then 'seller' else 'all' end as scope,
        coalesce(seller_id, 'all') as entity_id,
        count(*) filter (where is_mature) as mature,
        count(*) filter (where is_mature and not is_exempt) as due,
        count(*) filter (where is_mature and is_answered) as answered,
        count(*) filter (where is_mature and is_answered_48h) as answered_48h,
        count(*) filter (where is_mature_24h and not is_exempt) as due_24h,
        count(*) filter (where is_mature_24h and is_answered_24h) as answered_24h,
        count(*) filter (where is_mature and is_first_of_conversation and not is_exempt) as threads,
        count(*) filter (where is_mature and is_first_of_conversation and is_answered_48h) as threads_answered_48h,
        count(*) filter (where is_mature and not is_exempt and not is_answered) as unanswered,
        count(*) filter (where is_mature and is_exempt) as exempt,
        count(*) filter (where not is_mature) as pending,
        count(*) filter (where not is_mature_24h) as pending_24h
    from inquiries
    group by grouping sets ((day), (day, seller_id))
),

counts as (
    select
        p.period_id,
        d.scope,
        d.entity_id,
        sum(d.mature) as mature,
        sum(d.due) as due,
        sum(d.answered) as answered,
        sum(d.answered_48h) as answered_48h,
        sum(d.due_24h) as due_24h,
        sum(d.answered_24h) as answered_24h,
        sum(d.threads) as threads,
        sum(d.threads_answered_48h) as threads_answered_48h,
        sum(d.unanswered) as unanswered,
        sum(d.exempt) as exempt,
        sum(d.pending) as pending,
        sum(d.pending_24h) as pending_24h
    from days as d
    inner join plan.period_days as p using (day)
    group by p.period_id, d.scope, d.entity_id
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(m.denominator as bigint) as denominator,
    cast(m.n as bigint) as n,
    case when m.denominator = 0 and m.pending > 0 then 'immature' end as reason
from counts as c
cross join lateral (
    values
    ('inquiry_response_rate', answered, due, due, pending),
    ('inquiry_response_rate_no_exemption', answered, mature, mature, pending),
    ('inquiry_response_48h', answered_48h, due, due, pending),
    ('inquiry_response_24h', answered_24h, due_24h, due_24h, pending_24h),
    ('inquiry_response_48h_thread', threads_answered_48h, threads, threads, pending),
    ('unanswered_inquiries', unanswered, null, due, null),
    ('inquiry_exempt', exempt, null, mature, null),
    ('inquiry_pending', pending, null, mature + pending, null)
) as m (metric, numerator, denominator, n, pending)
