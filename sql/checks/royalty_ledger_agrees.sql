-- The royalties of closed periods are those of the ledger's postings, by seller and closing, and by the period that was adjusted.
--
-- of: metrics.royalties
with postings as (
    select p.*
    from ledger.royalty_postings as p
    inner join plan.run as r on p.as_of <= r.as_of
),

posted as (
    select
        closing_id as period_id,
        seller_id,
        coalesce(sum(cents) filter (where kind = 'allocation' and closing_id = period_id), 0) as allocation_cents,
        coalesce(sum(cents) filter (where kind = 'adjustment' and closing_id <> period_id), 0) as adjustment_cents,
        coalesce(-sum(cents) filter (where kind = 'payout' and closing_id = period_id), 0) as payout_cents,
        sum(cents) as carried_cents
    from postings
    group by closing_id, seller_id
),

adjusted as (
    select
        period_id,
        seller_id,
        sum(cents) as adjusted_later_cents
    from postings
    where kind = 'adjustment'
    group by period_id, seller_id
),

booked as (
    select *
    from metrics.royalties
    where closed_as_of is not null
)

select
    coalesce(p.period_id, b.period_id) as closed_period_id,
    coalesce(p.seller_id, b.seller_id) as account_of,
    'closing' as what
from posted as p
full join booked as b on p.period_id = b.period_id and p.seller_id = b.seller_id
where
    coalesce(p.allocation_cents, 0) is distinct from b.allocation_cents
    or coalesce(p.adjustment_cents, 0) is distinct from b.adjustment_cents
    or coalesce(p.payout_cents, 0) is distinct from b.payout_cents
    or coalesce(p.carried_cents, 0) is distinct from b.carried_cents
union all
select
    a.period_id,
    a.seller_id,
    'adjusted later'
from adjusted as a
full join booked as b on a.period_id = b.period_id and a.seller_id = b.seller_id
where coalesce(a.adjusted_later_cents, 0) <> coalesce(b.adjusted_later_cents, 0)
