-- What buyers and sellers wrote adds up to all messages.
--
-- of: metrics.messages
select
    period_id,
    sum(numerator) filter (where scope = 'role') as by_role,
    sum(numerator) filter (where scope = 'all') as whole
from metrics.messages
where metric = 'message_count'
group by period_id
having coalesce(by_role, 0) <> coalesce(whole, 0)
