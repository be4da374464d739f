-- Sellers. Olist tells neither when one joined nor whether it still sells: the first order stands for the day of joining,
-- and every seller counts as active.
with first_orders as (
    select
        i.seller_id,
        min(o.order_purchase_timestamp) as joined_at
    from olist.order_items as i
    inner join olist.orders as o on i.order_id = o.order_id
    group by i.seller_id
)

select
    s.seller_id,
    f.joined_at,
    'active' as status,
    'BR' as country,
    s._file_id,
    s._line
from olist.sellers as s
left join first_orders as f on s.seller_id = f.seller_id
