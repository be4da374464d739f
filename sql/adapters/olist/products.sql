-- Products. Olist tells neither a product's name nor its age: the first order stands for the day of creation, and every
-- product counts as live. Names of categories are English where the translation has them.
with first_orders as (
    select
        i.product_id,
        min(o.order_purchase_timestamp) as created_at
    from olist.order_items as i
    inner join olist.orders as o on i.order_id = o.order_id
    group by i.product_id
)

select
    p.product_id,
    f.created_at,
    'live' as status,
    coalesce(c.product_category_name_english, p.product_category_name, 'uncategorised') as category,
    p._file_id,
    p._line
from olist.products as p
left join first_orders as f on p.product_id = f.product_id
left join olist.category_names as c on p.product_category_name = c.product_category_name
