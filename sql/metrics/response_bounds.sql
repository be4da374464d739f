-- What a share within 48 or 24 hours can still become: its pending cases all answered late, or all in time.
--
-- grain: period_id, metric, scope, entity_id
-- METRICS.md 0.4. Only where something is pending. Pending: younger than the hours at as_of; those of them that are answered
-- already count as answered in both bounds. worst = (answered + pending already answered) / (mature + pending), best =
-- (answered + pending) / (mature + pending). The share itself stays that of the mature cases.
with young_reviews as (
    select
        s.day,
        s.scope,
        s.entity_id,
        h.metric,
        s.answered_at is not null as is_answered
    from core.review_subjects as s
    cross join plan.run as r
    cross join (
        values
        ('review_response_48h', 48, false),
        ('review_response_24h', 24, false),
        ('negative_review_response_48h', 48, true)
    ) as h (metric, hours, of_negative)
    where
        s.is_published and s.scope <> 'product' and r.as_of - s.created_at < to_hours(h.hours)
        and (s.is_negative or not h.of_negative)
),

young_inquiries as (
    select
        i.day,
        i.seller_id,
        h.metric,
        i.answered_at is not null as is_answered
    from core.inquiries as i
    cross join plan.run as r
    cross join (
        values ('inquiry_response_48h', 48), ('inquiry_response_24h', 24), ('inquiry_response_rate', 48)
    ) as h (metric, hours)
    where not i.is_exempt and r.as_of - i.asked_at < to_hours(h.hours)
),

young as (
    select
        day,
        scope,
        entity_id,
        metric,
        is_answered
    from young_reviews
    union all
    select
        day,
        'all',
        'all',
        metric,
        is_answered
    from young_inquiries
    union all
    select
        day,
        'seller',
        seller_id,
        metric,
        is_answered
    from young_inquiries
    where seller_id is not null
),

pending as (
    select
        d.period_id,
        y.scope,
        y.entity_id,
        y.metric,
        count(*) as pending,
        count(*) filter (where y.is_answered) as pending_answered
    from young as y
    inner join plan.period_days as d using (day)
    group by d.period_id, y.scope, y.entity_id, y.metric
),

judged as (
    select
        period_id,
        scope,
        entity_id,
        metric,
        numerator,
        denominator
    from metrics.review_responses
    union all
    select
        period_id,
        scope,
        entity_id,
        metric,
        numerator,
        denominator
    from metrics.inquiry_responses
)

select
    p.period_id,
    p.scope,
    p.entity_id,
    p.metric,
    cast(coalesce(j.numerator, 0) as bigint) as answered,
    cast(coalesce(j.denominator, 0) as bigint) as mature,
    p.pending,
    p.pending_answered,
    (coalesce(j.numerator, 0) + p.pending_answered) / (coalesce(j.denominator, 0) + p.pending) as worst_share,
    (coalesce(j.numerator, 0) + p.pending) / (coalesce(j.denominator, 0) + p.pending) as best_share
from pending as p
-- A metric that is not measured, or not made for this period or scope, has no row there and no bounds.
inner join judged as j using (period_id, scope, entity_id, metric)
-- METRICS.md 0.7: where the share itself is hidden, its bounds would give it away.
where p.scope = 'all' or j.denominator >= 10
