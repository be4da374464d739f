-- What one closing takes from sellers for an earlier period it gives to others: the adjustments add up to 0.
--
-- of: metrics.royalties
select
    closing_id,
    period_id,
    sum(cents) as cents
from ledger.royalty_postings
where kind = 'adjustment'
group by closing_id, period_id
having sum(cents) <> 0
