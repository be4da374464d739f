-- What the sellers, the products and the categories sold adds up to what the marketplace sold, to the cent.
--
-- of: metrics.sales
with parts as (
    select
        period_id,
        metric,
        scope,
        sum(numerator) as total
    from metrics.sales
    where metric in ('gmv', 'net_sales', 'units')
    group by period_id, metric, scope
)

select
    p.period_id,
    p.metric,
    p.scope,
    p.total as sum_of_parts,
    w.total as whole
from parts as p
inner join parts as w on p.period_id = w.period_id and p.metric = w.metric and w.scope = 'all'
where p.total <> w.total
