-- What a royalty is reckoned from: for each seller and month or quarter the net sales, the ratings and the answers in time.
--
-- grain: period_id, seller_id
-- Whole numbers only. Ratings are those of the 12 months before the period's end; answers are to the reviews and inquiries of
-- the period that are 48 hours old; where no export tells of answers to reviews, none are due. The market_ columns are the
-- marketplace's own, the same in every row of a period.
with planned as (
    select *
    from plan.periods
    where period_type <> 'week'
),

rating_months as (
    select
        date_trunc('month', day) as month,
        scope,
        entity_id,
        sum(ratings) as ratings,
        sum(stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5) as stars
    from core.review_days
    where scope in ('all', 'seller')
    group by date_trunc('month', day), scope, entity_id
),

ratings as (
    select
        p.period_id,
        m.scope,
        m.entity_id,
        sum(m.stars) as rating_sum,
        sum(m.ratings) as rating_count
    from planned as p
    inner join rating_months as m on p.period_end - interval 12 month <= m.month and m.month < p.period_end
    group by p.period_id, m.scope, m.entity_id
),

sales as (
    select
        d.period_id,
        o.entity_id as seller_id,
        sum(o.net_cents) as net_sales_cents
    from core.order_subjects as o
    inner join plan.period_days as d using (day)
    where o.scope = 'seller'
    group by d.period_id, o.entity_id
),

answer_days as (
    select
        day,
        scope,
        entity_id,
        answered_48h as answered,
        mature_48h as mature
    from core.review_days
    where scope in ('all', 'seller') and 'reviews.response_at' in (select need from ref.measured)
    union all
    select
        i.day,
        case when grouping(i.seller_id) = 0 then 'seller' else 'all' end,
        coalesce(i.seller_id, 'all'),
        count(*) filter (where i.answered_at - i.asked_at <= interval 48 hour),
        count(*)
    from core.inquiries as i
    cross join plan.run as r
    where not i.is_exempt and r.as_of - i.asked_at >= interval 48 hour
    group by grouping sets ((i.day), (i.day, i.seller_id))
),

answers as (
    select
        d.period_id,
        a.scope,
        a.entity_id,
        sum(a.answered) as answered,
        sum(a.mature) as mature
    from answer_days as a
    inner join plan.period_days as d using (day)
    group by d.period_id, a.scope, a.entity_id
)

select
    p.period_id,
    p.period_type,
    p.period_start,
    p.period_end,
    p.is_complete,
    s.seller_id,
    cast(coalesce(n.net_sales_cents, 0) as bigint) as net_sales_cents,
    cast(coalesce(r.rating_sum, 0) as bigint) as rating_sum,
    cast(coalesce(r.rating_count, 0) as bigint) as rating_count,
    cast(coalesce(m.rating_sum, 0) as bigint) as market_rating_sum,
    cast(coalesce(m.rating_count, 0) as bigint) as market_rating_count,
    cast(coalesce(a.answered, 0) as bigint) as answered,
    cast(coalesce(a.mature, 0) as bigint) as mature,
    cast(coalesce(t.answered, 0) as bigint) as market_answered,
    cast(coalesce(t.mature, 0) as bigint) as market_mature
from planned as p
cross join core.sellers as s
left join sales as n on p.period_id = n.period_id and s.seller_id = n.seller_id
left join ratings as r on p.period_id = r.period_id and r.scope = 'seller' and s.seller_id = r.entity_id
left join ratings as m on p.period_id = m.period_id and m.scope = 'all'
left join answers as a on p.period_id = a.period_id and a.scope = 'seller' and s.seller_id = a.entity_id
left join answers as t on p.period_id = t.period_id and t.scope = 'all'
where n.seller_id is not null or r.entity_id is not null or a.entity_id is not null
