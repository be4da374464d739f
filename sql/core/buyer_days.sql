-- A buyer's days with completed orders: what was bought on each, what had been bought by its end, and when the next one
-- is.
--
-- grain: buyer_id, day
-- A row is the buyer's state from the morning after its day to its next_day: who was a customer at the beginning of day
-- D is one row each, `day < D and D <= coalesce(next_day, 'infinity')`. Money is net of refunds, booked to the order's
-- day.
with days as (
    select
        buyer_id,
        day,
        count(*) as orders,
        cast(sum(net_cents) as bigint) as net_cents
    from core.order_subjects
    where scope = 'all'
    group by buyer_id, day
)

select
    buyer_id,
    day,
    orders,
    net_cents,
    min(day) over so_far as first_day,
    row_number() over so_far as order_days_to_date,
    cast(sum(orders) over so_far as bigint) as orders_to_date,
    cast(sum(net_cents) over so_far as bigint) as net_cents_to_date,
    lead(day) over so_far as next_day
from days
window so_far as (partition by buyer_id order by day)
order by day
