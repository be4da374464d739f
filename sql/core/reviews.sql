-- One row per review: its stars and whether it counts.
--
-- grain: review_id
-- A review of an order with several sellers stands in several raw rows; here it is one. stars is the rating on 1 to 5,
-- other scales rescaled to the nearest whole star, half up. is_rated: published, and the first that this buyer gave for
-- this order line; a later one must not change what an old period says. Answers are in core.review_subjects.
with rows_of_review as (
    select
        v.*,
        row_number() over (partition by v.review_id order by v.seller_id nulls last) as nth_row
    from raw.reviews as v
    cross join plan.run as r
    where v.created_at < r.as_of and not ref.is_excluded(v.buyer_id) and not ref.is_excluded(v.seller_id)
),

reviews as (
    select
        v.review_id,
        v.seller_id,
        v.product_id,
        v.buyer_id,
        v.order_line_id,
        v.order_id,
        v.created_at,
        cast(timezone(r.time_zone, timezone('UTC', v.created_at)) as date) as day,
        case
            when v.scale_max = 5 then v.rating
            else 1 + (8 * (v.rating - 1) + v.scale_max - 1) // (2 * (v.scale_max - 1))
        end as stars,
        v.status,
        v.status = 'published' as is_published,
        v.text is not null as has_text,
        v.language,
        v.verified,
        v.incentivised
    from rows_of_review as v
    cross join plan.run as r
    where v.nth_row = 1
),

first_ratings as (
    select
        buyer_id,
        order_line_id,
        arg_min(review_id, (created_at, review_id)) as review_id
    from reviews
    where is_published and order_line_id is not null
    group by buyer_id, order_line_id
)

select
    v.*,
    v.is_published and (v.order_line_id is null or f.review_id is not null) as is_rated,
    v.stars <= 2 as is_negative
from reviews as v
left join first_ratings as f using (review_id)
order by v.day
