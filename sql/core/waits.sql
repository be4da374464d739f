-- One row per thing that somebody waits for (a review's answer, an inquiry's answer, an order's delivery) and how long.
--
-- grain: kind, item_id, scope, entity_id
-- seconds runs to the event, or, when is_over is false, to the end of what we know: as_of, at most 30 days after a review
-- or an inquiry and 60 after an order. The limit keeps a period's curve from moving for ever. Left out: exempt inquiries
-- and reviews whose answer is dated before them, which tell no waiting time.
with waits as (
    select
        'review' as kind,
        review_id as item_id,
        scope,
        entity_id,
        day,
        created_at as begun_at,
        answered_at as ended_at,
        30 as followed_days
    from core.review_subjects
    where
        scope in ('all', 'seller') and is_published and not is_answer_before_review
        and 'reviews.response_at' in (select need from ref.measured)
    union all
    select
        'inquiry',
        i.inquiry_id,
        unnest(['all', 'seller']),
        unnest(['all', i.seller_id]),
        i.day,
        i.asked_at,
        i.answered_at,
        30
    from core.inquiries as i
    where not i.is_exempt
    union all
    select
        'delivery',
        order_id,
        scope,
        entity_id,
        day,
        ordered_at,
        delivered_at,
        60
    from core.deliveries
    where scope in ('all', 'seller') and is_sale
),

followed as (
    select
        w.*,
        least(r.as_of, w.begun_at + to_days(w.followed_days)) as followed_until
    from waits as w
    cross join plan.run as r
)

select
    kind,
    item_id,
    scope,
    entity_id,
    day,
    epoch(least(ended_at, followed_until) - begun_at)::integer as seconds,
    coalesce(ended_at <= followed_until, false) as is_over
from followed
order by day
