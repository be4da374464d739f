-- How fast ratings rise or fall: Sen's slope of the monthly means, with its limits.
--
-- grain: period_id, scope, entity_id, metric
-- The test behind it and its verdict are in metrics.rating_trends. Below eight months that count there is no value but its
-- verdict as the reason: too_short when the ratings began less than eight months before, else insufficient.
select
    period_id,
    scope,
    entity_id,
    'rating_trend' as metric,
    cast(null as bigint) as numerator,
    cast(null as bigint) as denominator,
    cast(months as bigint) as n,
    slope as value,
    low,
    high,
    case when slope is null then verdict end as reason
from metrics.rating_trends
inner join plan.periods using (period_id)
