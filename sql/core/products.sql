-- One row per product: those of the products file, and those that only sales or reviews name.
--
-- grain: product_id
-- The category is the products file's, else that of the product's first sale: a later sale must not move old reviews.
with named as (
    select product_id from raw.products
    where not ref.is_excluded(seller_id)
    union
    select product_id from raw.sales
    where not ref.is_excluded(buyer_id) and not ref.is_excluded(seller_id)
    union
    select product_id from raw.reviews
    where product_id is not null and not ref.is_excluded(buyer_id) and not ref.is_excluded(seller_id)
),

first_sales as (
    select
        product_id,
        arg_min(category, (ordered_at, order_line_id)) as category,
        arg_min(seller_id, (ordered_at, order_line_id)) as seller_id
    from raw.sales
    where not ref.is_excluded(buyer_id) and not ref.is_excluded(seller_id)
    group by product_id
)

select
    n.product_id,
    coalesce(p.name, n.product_id) as name,
    coalesce(p.category, f.category, 'uncategorised') as category,
    coalesce(p.seller_id, f.seller_id) as seller_id,
    p.status,
    p.created_at
from named as n
left join raw.products as p using (product_id)
left join first_sales as f using (product_id)
