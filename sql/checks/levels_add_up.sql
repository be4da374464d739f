-- The sellers of all levels add up to the sellers who are counted, and those with a status to the whole's numerator.
--
-- of: metrics.expertise_shares
select
    period_id,
    sum(numerator) filter (where scope = 'level') as of_all_levels,
    max(denominator) filter (where scope = 'all') as sellers,
    sum(numerator) filter (where scope = 'level' and entity_id <> 'none') as with_a_status,
    max(numerator) filter (where scope = 'all') as whole
from metrics.expertise_shares
where metric = 'expertise_share' and denominator is not null
group by period_id
having of_all_levels <> sellers or with_a_status <> whole
