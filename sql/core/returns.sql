-- One row per return known at as_of: what was sent back, when it was opened, who was at fault, when the money went back.
--
-- grain: return_id
-- refunded_day is null until the refund is paid; where the export has no day of payment it is the day of opening. Order,
-- seller and buyer are null where the returned line is not among the sales.
select
    t.return_id,
    t.order_line_id,
    l.order_id,
    l.seller_id,
    l.category,
    l.buyer_id,
    t.qty,
    t.refund_cents,
    t.opened_at,
    cast(timezone(r.time_zone, timezone('UTC', t.opened_at)) as date) as day,
    case
        when coalesce(t.refunded_at, t.opened_at) < r.as_of
            then cast(timezone(r.time_zone, timezone('UTC', coalesce(t.refunded_at, t.opened_at))) as date)
    end as refunded_day,
    t.reason,
    t.at_fault
from raw.returns as t
cross join plan.run as r
left join core.order_lines as l using (order_line_id)
where
    t.opened_at < r.as_of
    and t.order_line_id not in (
        select order_line_id from raw.sales
        where ref.is_excluded(buyer_id) or ref.is_excluded(seller_id)
    )
order by day
