-- One row per completed order: an order with at least one line that is a sale.
--
-- grain: order_id
-- is_first marks the buyer's first completed order ever; is_repeat an order on a later day than that one. Both only look
-- back, so a new order never changes what an old period says.
with orders as (
    select
        order_id,
        min(buyer_id) as buyer_id,
        min(ordered_at) as ordered_at,
        min(day) as day
    from core.order_lines
    where is_sale
    group by order_id
),

buyers as (
    select
        buyer_id,
        min(day) as first_day,
        arg_min(order_id, (ordered_at, order_id)) as first_order_id
    from orders
    group by buyer_id
)

select
    o.order_id,
    o.buyer_id,
    o.ordered_at,
    o.day,
    o.order_id = b.first_order_id as is_first,
    o.day > b.first_day as is_repeat
from orders as o
inner join buyers as b using (buyer_id)
order by o.day
