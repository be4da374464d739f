-- A review as each scope sees it: the marketplace, each seller that it speaks of, each product, each category.
--
-- grain: review_id, scope, entity_id
-- A review without a seller or a product counts at scope all only. answered_at is the first answer by a seller (at scope
-- seller: by this one) before as_of. An answer dated before its review tells no time: it is marked and is no answer.
with answers as (
    select
        v.review_id,
        v.seller_id,
        v.product_id,
        p.category,
        v.response_at,
        v.response_at < v.created_at as is_before_review,
        coalesce(v.response_author_role, 'seller') = 'seller' as is_by_seller
    from raw.reviews as v
    cross join plan.run as r
    left join core.products as p using (product_id)
    where v.created_at < r.as_of and not ref.is_excluded(v.buyer_id) and not ref.is_excluded(v.seller_id)
),

parts as (
    select
        review_id,
        case
            when grouping(seller_id) = 0 then 'seller'
            when grouping(category) = 0 then 'category'
            when grouping(product_id) = 0 then 'product'
            else 'all'
        end as scope,
        case
            when grouping(seller_id) = 0 then seller_id
            when grouping(category) = 0 then category
            when grouping(product_id) = 0 then product_id
            else 'all'
        end as entity_id,
        min(response_at) filter (
            where is_by_seller and not is_before_review and response_at < (select as_of from plan.run)
        ) as answered_at,
        coalesce(bool_or(not is_by_seller and response_at < (select as_of from plan.run)), false) as is_answered_by_staff,
        coalesce(bool_or(is_by_seller and is_before_review), false) as is_answer_before_review
    from answers
    group by grouping sets ((review_id), (review_id, seller_id), (review_id, category), (review_id, product_id))
)

select
    s.*,
    v.day,
    v.created_at,
    v.stars,
    v.status,
    v.is_published,
    v.is_rated,
    v.is_negative,
    v.has_text
from parts as s
inner join core.reviews as v using (review_id)
where s.entity_id is not null
order by v.day
