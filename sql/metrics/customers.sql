-- Every customer as of as_of: what they bought, when, how they score, and how healthy the relation is.
--
-- grain: buyer_id
-- METRICS.md A27, and A23's historic value: net spend to date. Buyer ids are pseudonyms. Scores run from 1 to 5, 5 the
-- best; satisfaction, service and health from 0 to 100; a part that is null is not known, and coverage_share is the
-- share of the score's weight that is. The expected figures are for 12 months from the last complete quarter's end, and
-- null when that quarter's model did not hold.
select
    s.buyer_id,
    b.first_day,
    s.last_day,
    s.day - s.last_day as days_since_last,
    s.order_days,
    b.orders_to_date as orders,
    s.net_cents as net_spend_cents,
    s.recency_score,
    s.frequency_score,
    s.monetary_score,
    s.satisfaction,
    s.service,
    s.coverage_share,
    s.health,
    s.band,
    v.alive_share,
    v.expected_orders_12m,
    v.expected_value_12m_cents
from core.customer_scores as s
inner join core.buyer_days as b on s.buyer_id = b.buyer_id and s.last_day = b.day
left join metrics.customer_values as v on s.buyer_id = v.buyer_id
where s.day = (select max(day) from core.customer_scores)
order by s.buyer_id
