-- A completed order as each scope sees it: the whole of it, the part of each seller, of each category, of each product.
--
-- grain: order_id, scope, entity_id
-- Only lines that are sales count. With the scopes resolved here, a metric is one grouping, and an order counts once in each.
with parts as (
    select
        order_id,
        case
            when grouping(seller_id) = 0 then 'seller'
            when grouping(category) = 0 then 'category'
            when grouping(product_id) = 0 then 'product'
            else 'all'
        end as scope,
        coalesce(seller_id, category, product_id, 'all') as entity_id,
        cast(sum(qty) as bigint) as units,
        cast(sum(amount_cents) as bigint) as amount_cents,
        cast(sum(net_cents) as bigint) as net_cents
    from core.order_lines
    where is_sale
    group by grouping sets ((order_id), (order_id, seller_id), (order_id, category), (order_id, product_id))
)

select
    p.*,
    o.day,
    o.buyer_id,
    o.is_first,
    o.is_repeat
from parts as p
inner join core.orders as o using (order_id)
order by o.day
