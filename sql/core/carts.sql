-- One row per cart with something in it: its value, whether its order came in time, and whether that time has run out.
--
-- grain: cart_id
-- Converted: the order that the cart names was placed, whatever became of it later, within the policy's hours of the
-- cart's last use. Mature: these hours are over at as_of; a younger cart is pending, converted or not. A cart has at
-- least one item: one without value is taken for empty and left out. A buyer who ordered from an excluded seller ordered.
with placed as (
    select
        order_id,
        min(ordered_at) as ordered_at
    from raw.sales
    group by order_id
),

carts as (
    select
        c.cart_id,
        c.buyer_or_session,
        c.created_at,
        cast(timezone(r.time_zone, timezone('UTC', c.created_at)) as date) as day,
        c.value_cents,
        c.order_id,
        o.ordered_at,
        c.last_activity_at + to_seconds(3600 * ref.policy('cart_converted_within_hours')) as decided_at,
        r.as_of
    from raw.carts as c
    cross join plan.run as r
    left join placed as o on c.order_id = o.order_id and o.ordered_at < r.as_of
    where c.created_at < r.as_of and c.value_cents > 0 and not ref.is_excluded(c.buyer_or_session)
)

select
    * exclude (as_of),
    coalesce(ordered_at <= decided_at, false) as is_converted,
    decided_at <= as_of as is_mature
from carts
order by day
