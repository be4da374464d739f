-- Late corrections of royalties: what a closing gave to or took from a seller for an earlier period that late rows had changed.
--
-- grain: closing_id, period_id, seller_id
-- `closing_id` is the period in whose closing the adjustment was posted, `period_id` the one that it corrects. Those of one
-- closing and period add up to 0. The ledger is only ever added to; a run that looks back sees it as it stood then.
select
    p.closing_id,
    p.period_id,
    p.seller_id,
    r.currency,
    r.allocation_cents,
    p.cents as adjustment_cents,
    p.as_of as posted_as_of
from ledger.royalty_postings as p
inner join metrics.royalties as r on p.period_id = r.period_id and p.seller_id = r.seller_id
cross join plan.run as n
where p.kind = 'adjustment' and p.as_of <= n.as_of
order by p.posting_id
