-- A share lies in 0 to 1, stars in 1 to 5, points in -100 to 100; no count is negative.
--
-- of: plan.published
-- Growth, an uplift and a forecast's error are shares that may be negative or pass 1; their names say what they are. So may
-- shares whose upper number is no part of the lower: refunds can pass what the lines cost (postage is paid back too), returns
-- of a quiet month the lines sold in it, and the best customers' spend the whole, when others were paid back more.
select
    m.metric,
    m.period_id,
    m.scope,
    m.entity_id,
    m.value
from plan.published as m
inner join ref.catalogue as c using (metric)
where
    isnan(coalesce(m.value, 0)) or isinf(coalesce(m.value, 0))
    or (
        c.unit = 'share' and m.value not between 0 and 1
        and not regexp_matches(m.metric, 'growth|uplift|holdout|refund_value|return_flow|top_decile')
    )
    or (c.unit = 'stars' and m.value not between 1 and 5)
    or (c.unit = 'points' and m.value not between -100 and 100)
    or (c.unit = 'count' and m.value < 0)
