-- Every metric has a value or a reason, in every period of its types, for the marketplace as a whole.
--
-- of: plan.published
select
    c.metric,
    p.period_id
from ref.catalogue as c
inner join plan.all_periods as p on list_contains(string_split(c.periods, ' '), p.period_type)
left join plan.published as m on c.metric = m.metric and p.period_id = m.period_id and m.scope = 'all'
where
    list_contains(string_split(c.scopes, ' '), 'all')
    and (m.metric is null or (m.value is null) = (m.reason is null))
