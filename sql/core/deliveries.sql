-- What was to be delivered, as each scope sees it: the whole order, the part of each seller, the part of each category.
--
-- grain: order_id, scope, entity_id
-- Left out are lines that are pending, that the buyer cancelled, or that were cancelled without saying by whom: nobody owes
-- them. A part is delivered when its last line is; its promise is the latest of its lines' promises.
select
    order_id,
    case when grouping(seller_id) = 0 then 'seller' when grouping(category) = 0 then 'category' else 'all' end as scope,
    coalesce(seller_id, category, 'all') as entity_id,
    min(day) as day,
    min(ordered_at) as ordered_at,
    max(promised_at) as promised_at,
    cast(timezone((select time_zone from plan.run), timezone('UTC', max(promised_at))) as date) as promised_day,
    case when bool_and(delivered_at is not null) then max(delivered_at) end as delivered_at,
    bool_and(status <> 'cancelled') as is_sale,
    coalesce(bool_and(delivered_at is not null) and max(delivered_at) <= max(promised_at), false) as is_on_time
from core.order_lines
where is_sale or cancelled_by in ('seller', 'platform')
group by grouping sets ((order_id), (order_id, seller_id), (order_id, category))
order by day
