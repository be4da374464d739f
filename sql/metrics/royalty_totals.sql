-- The royalty pool of a period, what was paid out, what was carried into later ones, and what corrected earlier ones.
--
-- grain: period_id, scope, entity_id, metric
-- Paid + carried = pool + adjusted, for every seller; adjusted is 0 for all, since a correction takes from some what it gives
-- to others.
-- A period that holds several paid ones (a quarter of months) is their sum. At scope seller the pool is the seller's own part.
with paid as (
    select
        p.period_id,
        r.seller_id,
        r.allocation_cents,
        r.adjustment_cents,
        r.payout_cents,
        r.carried_cents
    from plan.periods as p
    inner join metrics.royalties as r on p.period_start <= r.period_start and r.period_end <= p.period_end
),

counts as (
    select
        period_id,
        case when grouping(seller_id) = 0 then 'seller' else 'all' end as scope,
        coalesce(seller_id, 'all') as entity_id,
        sum(allocation_cents) as pool_cents,
        sum(adjustment_cents) as adjusted_cents,
        sum(payout_cents) as paid_cents,
        sum(carried_cents) as carried_cents,
        count(distinct seller_id) filter (where allocation_cents > 0) as sellers
    from paid
    group by grouping sets ((period_id), (period_id, seller_id))
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    cast(null as bigint) as denominator,
    c.sellers as n
from counts as c
cross join lateral (
    values
    ('royalty_pool', pool_cents),
    ('royalty_paid', paid_cents),
    ('royalty_carried', carried_cents),
    ('royalty_adjusted', adjusted_cents)
) as m (metric, numerator)
