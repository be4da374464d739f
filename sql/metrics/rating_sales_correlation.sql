-- Whether products that were rated better sell more: rank correlations, an association only.
--
-- grain: period_id, scope, entity_id, metric
-- Which interval was used, and whether the figure is only indicative, is in metrics.rating_sales. Reasons of its own:
-- too_few_products (fewer than ten), no_spread (all rate or sell alike).
select
    period_id,
    scope,
    entity_id,
    case comparison
        when 'level' then 'rating_sales_correlation'
        when 'change' then 'rating_sales_change_correlation'
        else 'rating_sales_correlation_within_categories'
    end as metric,
    cast(null as bigint) as numerator,
    cast(null as bigint) as denominator,
    products as n,
    rho as value,
    low,
    high,
    reason
from metrics.rating_sales
inner join plan.periods using (period_id)
