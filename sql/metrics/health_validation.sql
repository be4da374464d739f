-- Whether the health score foretells anything: of each band at a quarter's start, the share that bought in the quarter.
--
-- grain: period_id, band
-- is_ordered: the healthy came back more often than those to watch, and these more often than those at risk. Where it
-- is false the weights are to be doubted; null where a band is not shown. The limits are Wilson's. Complete quarters
-- only; a band of fewer than 10 is suppressed. The period is the quarter of the buying, so that it looks back only.
with bands as (
    select
        p.period_id,
        b.band,
        p.is_complete,
        count(s.buyer_id) as customers,
        count(s.buyer_id) filter (where s.next_order_day < p.period_end) as bought_again
    from plan.periods as p
    cross join (values ('healthy'), ('watch'), ('at_risk')) as b (band)
    left join core.customer_scores as s on p.period_start = s.day and b.band = s.band
    where p.period_type = 'quarter'
    group by p.period_id, b.band, p.is_complete
),

judged as (
    select
        *,
        case
            when not is_complete then 'immature'
            when customers = 0 then 'no_data'
            when customers < 10 then 'suppressed'
        end as reason
    from bands
),

shown as (
    select
        period_id,
        band,
        customers,
        reason,
        case when reason is null then bought_again end as bought,
        case when reason is null then bought_again / customers end as share
    from judged
),

orders_of_bands as (
    select
        period_id,
        count(share) as bands,
        max(share) filter (where band = 'healthy') as healthy,
        max(share) filter (where band = 'watch') as watch,
        max(share) filter (where band = 'at_risk') as at_risk
    from shown
    group by period_id
)

select
    s.period_id,
    s.band,
    s.customers,
    s.bought,
    s.share,
    stats.wilson_low(s.share, s.customers) as low,
    stats.wilson_high(s.share, s.customers) as high,
    case when o.bands = 3 then o.healthy > o.watch and o.watch > o.at_risk end as is_ordered,
    s.reason
from shown as s
inner join orders_of_bands as o using (period_id)
