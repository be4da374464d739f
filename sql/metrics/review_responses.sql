-- Reviews that their seller answered in time: of the published reviews whose time has run out at as_of.
--
-- grain: period_id, scope, entity_id, metric
-- A review that is younger is pending, whether answered or not. Staff and automatic answers are counted apart.
with counts as (
    select
        d.period_id,
        r.scope,
        r.entity_id,
        sum(r.pending_48h) as pending_48h,
        sum(r.mature_48h) as mature_48h,
        sum(r.answered_48h) as answered_48h,
        sum(r.pending_24h) as pending_24h,
        sum(r.mature_24h) as mature_24h,
        sum(r.answered_24h) as answered_24h,
        sum(r.negative_pending_48h) as negative_pending_48h,
        sum(r.negative_mature_48h) as negative_mature_48h,
        sum(r.negative_answered_48h) as negative_answered_48h,
        sum(r.text_pending_48h) as text_pending_48h,
        sum(r.text_mature_48h) as text_mature_48h,
        sum(r.text_answered_48h) as text_answered_48h,
        sum(r.answered_by_staff) as answered_by_staff
    from core.review_days as r
    inner join plan.period_days as d using (day)
    where r.scope <> 'product'
    group by d.period_id, r.scope, r.entity_id
),

-- METRICS.md A11: the share of sellers at 95 % or better, among those with at least 10 mature reviews.
sellers as (
    select
        period_id,
        count(*) filter (where 100 * answered_48h >= 95 * mature_48h) as on_target,
        count(*) as sellers
    from counts
    where scope = 'seller' and mature_48h >= 10
    group by period_id
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(m.denominator as bigint) as denominator,
    cast(coalesce(m.denominator, m.numerator) as bigint) as n,
    case when m.denominator = 0 and m.pending > 0 then 'immature' end as reason
from counts as c
cross join lateral (
    values
    ('review_response_48h', answered_48h, mature_48h, pending_48h),
    ('negative_review_response_48h', negative_answered_48h, negative_mature_48h, negative_pending_48h),
    ('review_response_24h', answered_24h, mature_24h, pending_24h),
    ('review_response_48h_with_text', text_answered_48h, text_mature_48h, text_pending_48h),
    ('review_response_pending', pending_48h, null, null),
    ('review_response_by_staff', answered_by_staff, null, null)
) as m (metric, numerator, denominator, pending)
union all
select
    period_id,
    'all',
    'all',
    'review_response_sellers_on_target',
    on_target,
    sellers,
    sellers,
    null
from sellers
