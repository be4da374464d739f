-- What other marketplaces' seller standards look at, counted for each seller over each span of time that one of them uses.
--
-- grain: seller_id, span, measure
-- METRICS.md A14. Spans end before as_of's day: days_30 and days_60; etsy, the three months before the first of as_of's month,
-- and etsy_messages, the same two days earlier, since the last two days' messages roll over; ebay_3_months and
-- ebay_12_months up to the last 20th; airbnb, the 365 days before the calendar quarter. Messages belong to the day of the
-- inquiry, ratings to their own, orders to the day of the order, deliveries to the promised day. An inquiry counts once its hours have
-- run out, and not when exempt. numerator and denominator are whole numbers; denominator null: a count or a sum.
-- response_hours: median wait in seconds over 3600; whoever is unanswered has waited until as_of at least.
with spans as (
    select
        s.span,
        cast(s.starts as date) as starts,
        cast(s.ends as date) as ends,
        r.as_of
    from (
        select
            as_of,
            as_of_day as today,
            date_trunc('month', as_of_day) as month,
            date_trunc('quarter', as_of_day) as quarter,
            date_trunc('month', as_of_day - 19) + interval 19 day as twentieth
        from plan.run
    ) as r
    cross join lateral (
        values
        ('days_30', today - 30, today),
        ('days_60', today - 60, today),
        ('etsy', month - interval 3 month, month),
        ('etsy_messages', month - interval 3 month - interval 2 day, month - interval 2 day),
        ('ebay_3_months', twentieth - interval 3 month, twentieth),
        ('ebay_12_months', twentieth - interval 12 month, twentieth),
        ('airbnb', quarter - interval 365 day, quarter)
    ) as s (span, starts, ends)
),

inquiries as (
    select
        i.seller_id,
        s.span,
        count(*) filter (where i.is_first_of_conversation and i.asked_at <= s.as_of - interval 24 hour) as first_24h,
        count(*) filter (where i.is_first_of_conversation and i.asked_at <= s.as_of - interval 48 hour) as first_48h,
        count(*) filter (where i.asked_at <= s.as_of - interval 24 hour) as due_24h,
        count(*) filter (where i.asked_at <= s.as_of - interval 48 hour) as due_48h,
        count(*) filter (
            where i.is_first_of_conversation and i.asked_at <= s.as_of - interval 24 hour
            and i.answered_at - i.asked_at <= interval 24 hour
        ) as first_answered_24h,
        count(*) filter (
            where i.is_first_of_conversation and i.asked_at <= s.as_of - interval 48 hour
            and i.answered_at - i.asked_at <= interval 48 hour
        ) as first_answered_48h,
        count(*) filter (
            where i.asked_at <= s.as_of - interval 24 hour and i.answered_at - i.asked_at <= interval 24 hour
        ) as answered_24h,
        count(*) filter (
            where i.asked_at <= s.as_of - interval 48 hour and i.answered_at - i.asked_at <= interval 48 hour
        ) as answered_48h,
        quantile_disc(cast(epoch(coalesce(i.answered_at, s.as_of) - i.asked_at) as bigint), 0.5) filter (
            where i.asked_at <= s.as_of - interval 24 hour
        ) as response_seconds
    from core.inquiries as i
    inner join spans as s on s.starts <= i.day and i.day < s.ends
    where not i.is_exempt
    group by i.seller_id, s.span
),

ratings as (
    select
        v.entity_id as seller_id,
        s.span,
        sum(v.ratings) as ratings,
        sum(v.stars_1 + 2 * v.stars_2 + 3 * v.stars_3 + 4 * v.stars_4 + 5 * v.stars_5) as stars,
        sum(v.stars_1 + v.stars_2 + v.stars_3) as low_ratings
    from core.review_days as v
    inner join spans as s on s.starts <= v.day and v.day < s.ends
    where v.scope = 'seller'
    group by v.entity_id, s.span
),

-- The orders whose seller somebody gave one or two stars, in a review that names the order or one of its lines.
disliked as (
    select distinct
        coalesce(v.order_id, l.order_id) as order_id,
        a.entity_id as seller_id
    from core.review_subjects as a
    inner join core.reviews as v using (review_id)
    left join core.order_lines as l on v.order_line_id = l.order_line_id
    where a.scope = 'seller' and a.is_published and a.is_negative
),

orders as (
    select
        l.seller_id,
        l.order_id,
        min(l.day) as day,
        bool_or(l.is_sale) as is_sale,
        bool_or(l.status = 'cancelled' and l.cancelled_by = 'seller') as is_cancelled_by_seller,
        bool_or(l.is_sale and l.refunded_cents > 0) as is_refunded,
        sum(l.amount_cents) filter (where l.is_sale) as amount_cents,
        bool_or(d.order_id is not null) as is_disliked
    from core.order_lines as l
    left join disliked as d using (seller_id, order_id)
    where l.status <> 'pending'
    group by l.seller_id, l.order_id
),

sales as (
    select
        o.seller_id,
        s.span,
        count(*) as placed,
        count(*) filter (where o.is_sale) as orders,
        count(*) filter (where o.is_cancelled_by_seller) as cancelled,
        count(*) filter (where o.is_refunded) as refunded,
        count(*) filter (where o.is_sale and o.is_disliked) as disliked,
        sum(o.amount_cents) as amount_cents
    from orders as o
    inner join spans as s on s.starts <= o.day and o.day < s.ends
    group by o.seller_id, s.span
),

deliveries as (
    select
        d.entity_id as seller_id,
        s.span,
        count(*) as promised,
        count(*) filter (where d.is_on_time) as on_time
    from core.deliveries as d
    inner join spans as s on s.starts <= d.promised_day and d.promised_day < s.ends
    where d.scope = 'seller'
    group by d.entity_id, s.span
),

first_sales as (
    select
        o.seller_id,
        s.span,
        s.ends - min(o.day) as days
    from orders as o
    inner join spans as s on o.day < s.ends
    where o.is_sale
    group by o.seller_id, s.span, s.ends
),

measures as (
    select
        seller_id,
        span,
        unnest(['first_24h', 'first_48h', 'inquiries_24h', 'inquiries_48h', 'response_hours']) as measure,
        unnest([first_answered_24h, first_answered_48h, answered_24h, answered_48h, response_seconds]) as numerator,
        unnest([first_24h, first_48h, due_24h, due_48h, case when due_24h > 0 then 3600 end]) as denominator,
        unnest([first_24h, first_48h, due_24h, due_48h, due_24h]) as n
    from inquiries
    union all by name
    select
        seller_id,
        span,
        unnest(['rating', 'low_ratings']) as measure,
        unnest([stars, low_ratings]) as numerator,
        ratings as denominator,
        ratings as n
    from ratings
    union all by name
    select
        seller_id,
        span,
        unnest(['orders', 'sales_cents', 'cancelled', 'refunded', 'disliked']) as measure,
        unnest([orders, coalesce(amount_cents, 0), cancelled, refunded, disliked]) as numerator,
        unnest([null, null, placed, orders, orders]) as denominator,
        unnest([orders, orders, placed, orders, orders]) as n
    from sales
    union all by name
    select
        seller_id,
        span,
        unnest(['on_time', 'late']) as measure,
        unnest([on_time, promised - on_time]) as numerator,
        promised as denominator,
        promised as n
    from deliveries
    union all by name
    select
        seller_id,
        span,
        'selling_days' as measure,
        days as numerator,
        null as denominator,
        1 as n
    from first_sales
)

select
    m.seller_id,
    m.span,
    m.measure,
    s.starts,
    s.ends,
    cast(m.numerator as bigint) as numerator,
    cast(m.denominator as bigint) as denominator,
    cast(m.n as bigint) as n
from measures as m
inner join spans as s using (span)
