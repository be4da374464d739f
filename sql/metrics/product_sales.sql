-- What each product sold in a period, and how many of those lines came back by as_of.
--
-- grain: period_id, product_id
-- Only lines that are sales, by the day of their order; net of the refunds booked to it. returned_lines has no waiting
-- time, unlike the return rate, and is null where no returns came.
with returned as (
    select distinct order_line_id from core.returns
)

select
    d.period_id,
    l.product_id,
    count(distinct l.order_id) as orders,
    count(*) as lines,
    cast(sum(l.qty) as bigint) as units,
    cast(sum(l.amount_cents) as bigint) as gmv_cents,
    cast(sum(l.net_cents) as bigint) as net_sales_cents,
    case when 'returns' in (select need from ref.measured) then count(r.order_line_id) end as returned_lines
from core.order_lines as l
inner join plan.period_days as d using (day)
left join returned as r using (order_line_id)
where l.is_sale
group by d.period_id, l.product_id
