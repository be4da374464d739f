-- Every delivered row is accepted, superseded or rejected.
--
-- of: plan.published
select
    export,
    name,
    rows_in,
    accepted,
    superseded,
    rejected
from ledger.files
where status = 'loaded' and rows_in <> accepted + superseded + rejected
