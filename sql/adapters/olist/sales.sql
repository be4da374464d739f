-- Order lines: one per item of an order, with the order's own dates and the buyer as a person.
--
-- Money is written in reais with two decimals: the point is taken out of a text that has exactly two, and any other text
-- is passed on as it is, so that the rule for money names it. Olist charges neither discount nor tax per item.
-- A person is `customer_unique_id`: `customer_id` is a new one for every order.
-- The promise is a date, written at midnight: kept until the end of that day.
-- Olist says who cancelled nowhere, nor when.
select
    i.order_id,
    i.order_id || '-' || i.order_item_id as order_line_id,
    i.product_id,
    coalesce(c.product_category_name_english, p.product_category_name, 'uncategorised') as category,
    i.seller_id,
    b.customer_unique_id as buyer_id,
    '1' as qty,
    case
        when regexp_full_match(i.price, '[0-9]+\.[0-9]{2}') then replace(i.price, '.', '')
        else i.price
    end as amount_cents,
    'BRL' as currency,
    o.order_purchase_timestamp as ordered_at,
    case
        when o.order_status = 'delivered' then 'delivered'
        when o.order_status = 'shipped' then 'shipped'
        when o.order_status in ('approved', 'invoiced', 'processing') then 'paid'
        when o.order_status = 'created' then 'pending'
        when o.order_status in ('canceled', 'unavailable') then 'cancelled'
        else o.order_status
    end as status,
    case
        when regexp_full_match(i.freight_value, '[0-9]+\.[0-9]{2}') then replace(i.freight_value, '.', '')
        else i.freight_value
    end as shipping_cents,
    regexp_replace(o.order_estimated_delivery_date, ' 00:00:00$', ' 23:59:59') as promised_at,
    o.order_delivered_carrier_date as shipped_at,
    o.order_delivered_customer_date as delivered_at,
    i._file_id,
    i._line
from olist.order_items as i
left join olist.orders as o on i.order_id = o.order_id
left join olist.customers as b on o.customer_id = b.customer_id
left join olist.products as p on i.product_id = p.product_id
left join olist.category_names as c on p.product_category_name = c.product_category_name
