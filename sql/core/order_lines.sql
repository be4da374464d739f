-- One row per order line: what was sold, for how much, what was paid back, and when it arrived.
--
-- grain: order_line_id
-- A line is a sale unless it is pending or cancelled. A refund is booked to its line, and so to the order's own period,
-- from the day that it was paid, or opened when the export gives no day of payment. A line that the platform calls
-- refunded, and that no return explains, was refunded whole. All lines of an order share the order's local day.
with lines as (
    select
        s.order_line_id,
        s.order_id,
        s.product_id,
        coalesce(s.category, p.category, 'uncategorised') as category,
        s.seller_id,
        s.buyer_id,
        s.qty,
        s.amount_cents,
        case when s.status = 'cancelled' and s.cancelled_at >= r.as_of then 'paid' else s.status end as status,
        s.ordered_at,
        min(s.ordered_at) over (partition by s.order_id) as order_opened_at,
        s.promised_at,
        case when s.shipped_at < r.as_of then s.shipped_at end as shipped_at,
        case when s.delivered_at < r.as_of then s.delivered_at end as delivered_at,
        case when s.status = 'cancelled' and (s.cancelled_at is null or s.cancelled_at < r.as_of) then s.cancelled_by end
            as cancelled_by,
        case when s.status = 'cancelled' and s.cancelled_at < r.as_of then s.cancelled_at end as cancelled_at,
        r.time_zone
    from raw.sales as s
    cross join plan.run as r
    left join raw.products as p using (product_id)
    where s.ordered_at < r.as_of and not ref.is_excluded(s.buyer_id) and not ref.is_excluded(s.seller_id)
),

refunds as (
    select
        t.order_line_id,
        cast(sum(t.refund_cents) filter (where coalesce(t.refunded_at, t.opened_at) < r.as_of) as bigint) as refund_cents
    from raw.returns as t
    cross join plan.run as r
    group by t.order_line_id
)

select
    l.* exclude (order_opened_at, time_zone),
    case
        when f.order_line_id is not null then coalesce(f.refund_cents, 0)
        when l.status = 'refunded' then l.amount_cents
        else 0
    end as refunded_cents,
    l.amount_cents - refunded_cents as net_cents,
    l.status not in ('pending', 'cancelled') as is_sale,
    cast(timezone(l.time_zone, timezone('UTC', l.order_opened_at)) as date) as day
from lines as l
left join refunds as f using (order_line_id)
order by day
