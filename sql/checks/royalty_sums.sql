-- In every period the allocations, and the restated ones, add up to the pool; paid and carried do; adjustments add up to 0.
--
-- of: metrics.royalties
select
    period_id,
    min(pool_cents) as pool_cents,
    sum(allocation_cents) as allocation_cents,
    sum(restated_allocation_cents) as restated_allocation_cents,
    sum(payout_cents + carried_cents) as paid_and_carried_cents,
    sum(adjustment_cents) as adjustment_cents,
    sum(adjusted_later_cents) as adjusted_later_cents
from metrics.royalties
group by period_id
having
    min(pool_cents) <> max(pool_cents)
    or min(currency) <> max(currency)
    or sum(allocation_cents) <> min(pool_cents)
    or sum(restated_allocation_cents) <> min(pool_cents)
    or sum(payout_cents + carried_cents) <> min(pool_cents)
    or sum(adjustment_cents) <> 0
    or sum(adjusted_later_cents) <> 0
