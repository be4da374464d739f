-- Where each seller would stand under other marketplaces' published seller standards, criterion by criterion.
--
-- grain: seller_id, programme, criterion
-- METRICS.md A14, as of as_of; the spans are in core.tier_measures. For every seller that is not closed. is_met is false where what the
-- exports tell already misses the bound, whatever else may come; otherwise null where an input is missing, and true only
-- where nothing is. missing_inputs names what no export of ours has, or what no file has brought. would_stand, the same in
-- every row of a programme: false when one criterion is missed, true when all are met, else null: not to be known.
-- Reasons, where is_met is null: not_measured (a file or column of ours never came), missing_inputs (no export has it),
-- no_data (nothing to judge in the span). A bound is compared exactly; value is numerator / denominator, or a count.
-- On time is delivered by the promised instant; defects that we know are negative reviews (amazon) and cancellations by the
-- seller (ebay). Etsy's floor of sales is USD 300, GBP 200 or EUR 250; amounts in another currency cannot be compared. eBay judges
-- three months from 400 orders on, else twelve. Nights (airbnb) do not exist here: orders are counted. Not here: Upwork's score,
-- whose formula is withheld; Marketplacer's composite, which has no bound; eBay's peer benchmarks; section C has its own table.
with programmes (programme, criterion, span, measure, comparison, bound, missing) as (
    values
    ('etsy_star_seller', 'first_messages_answered_24h', 'etsy_messages', 'first_24h', 'at least', 0.95, null),
    ('etsy_star_seller', 'on_time_with_tracking', 'etsy', 'on_time', 'at least', 0.95, 'tracking numbers'),
    ('etsy_star_seller', 'average_rating', 'etsy', 'rating', 'at least', 4.8, null),
    ('etsy_star_seller', 'orders', 'etsy', 'orders', 'at least', 5, null),
    ('etsy_star_seller', 'sales_cents', 'etsy', 'sales_cents', 'at least', null, null),
    ('etsy_star_seller', 'days_since_first_sale', 'etsy', 'selling_days', 'at least', 90, null),
    ('etsy_star_seller', 'case_rate', 'etsy', null, 'below', null, 'cases'),
    ('etsy_minimum', 'first_messages_answered_48h', 'etsy_messages', 'first_48h', 'at least', 0.8, null),
    ('etsy_minimum', 'on_time', 'etsy', 'on_time', 'at least', 0.8, null),
    ('etsy_minimum', 'low_ratings', 'etsy', 'low_ratings', 'below', 0.1, null),
    ('etsy_minimum', 'case_rate', 'etsy', null, 'below', 0.01, 'cases'),
    ('amazon', 'order_defect_rate', 'days_60', 'disliked', 'below', 0.01, 'A-to-z claims, chargebacks'),
    ('amazon', 'messages_answered_24h', 'days_30', 'inquiries_24h', 'at least', 0.9, null),
    ('amazon', 'account_health_rating', 'days_60', null, 'at least', 200, 'policy violations'),
    ('ebay_top_rated', 'transaction_defect_rate', 'ebay', 'cancelled', 'at most', 0.005, 'cases'),
    ('ebay_top_rated', 'unresolved_cases', 'ebay', null, 'at most', 0.003, 'cases'),
    ('ebay_top_rated', 'late_deliveries', 'ebay', 'late', 'at most', 0.03, null),
    ('ebay_above_standard', 'transaction_defect_rate', 'ebay', 'cancelled', 'at most', 0.02, 'cases'),
    ('walmart', 'messages_answered_48h', 'days_30', 'inquiries_48h', 'at least', 0.95, null),
    ('walmart', 'on_time', 'days_30', 'on_time', 'at least', 0.9, null),
    ('walmart', 'cancellation_rate', 'days_30', 'cancelled', 'at most', 0.02, null),
    ('walmart', 'valid_tracking', 'days_30', null, 'at least', 0.99, 'tracking numbers'),
    ('walmart', 'refund_rate', 'days_60', 'refunded', 'below', 0.06, null),
    ('airbnb_superhost', 'average_rating', 'airbnb', 'rating', 'at least', 4.8, null),
    ('airbnb_superhost', 'first_messages_answered_24h', 'airbnb', 'first_24h', 'at least', 0.9, null),
    ('airbnb_superhost', 'cancellation_rate', 'airbnb', 'cancelled', 'below', 0.01, null),
    ('airbnb_superhost', 'orders', 'airbnb', 'orders', 'at least', 10, null),
    ('mirakl', 'incident_rate', 'days_30', null, 'below', 0.09, 'incidents'),
    ('mirakl', 'acceptance_rate', 'days_30', null, 'at least', 0.96, 'order acceptances'),
    ('mirakl', 'acceptance_hours', 'days_30', null, 'below', 24, 'order acceptances'),
    ('mirakl', 'response_hours', 'days_30', 'response_hours', 'at most', 24, null),
    ('mirakl', 'late_shipments', 'days_30', null, 'below', 0.1, 'dispatch deadlines'),
    ('mirakl', 'tracking', 'days_30', null, 'at least', 0.9, 'tracking numbers')
),

needs (measure, need) as (
    values
    ('first_24h', 'messages'), ('first_48h', 'messages'), ('inquiries_24h', 'messages'), ('inquiries_48h', 'messages'),
    ('response_hours', 'messages'), ('on_time', 'sales.promised_at'), ('on_time', 'sales.delivered_at'),
    ('late', 'sales.promised_at'), ('late', 'sales.delivered_at'), ('rating', 'reviews'), ('low_ratings', 'reviews'),
    ('orders', 'sales'), ('sales_cents', 'sales'), ('selling_days', 'sales'), ('cancelled', 'sales.cancelled_by'),
    ('refunded', 'returns'), ('disliked', 'reviews.order_id or reviews.order_line_id')
),

unmeasured as (
    select
        measure,
        string_agg(need, ', ' order by need) as files
    from needs
    where not exists (
        select 1 from ref.measured as m
        where list_contains(string_split(needs.need, ' or '), m.need)
    )
    group by measure
),

floors (currency, cents) as (
    values ('USD', 30000), ('GBP', 20000), ('EUR', 25000)
),

criteria as (
    select
        p.programme,
        p.criterion,
        p.span,
        p.measure,
        p.comparison,
        cast(case when p.measure = 'sales_cents' then f.cents else p.bound end as decimal(12, 4)) as bound,
        u.files is not null as is_unmeasured,
        concat_ws(
            ', ', p.missing, u.files,
            case when p.measure = 'sales_cents' and f.cents is null then 'exchange rate to USD, GBP or EUR' end
        ) as missing_inputs
    from programmes as p
    cross join plan.run as r
    left join unmeasured as u using (measure)
    left join floors as f using (currency)
),

sellers as (
    select
        s.seller_id,
        case when coalesce(o.numerator, 0) >= 400 then 'ebay_3_months' else 'ebay_12_months' end as ebay_span
    from core.sellers as s
    left join core.tier_measures as o
        on s.seller_id = o.seller_id and o.span = 'ebay_3_months' and o.measure = 'orders'
    where s.status is distinct from 'closed'
),

counted as (
    select
        s.seller_id,
        c.* replace (case when c.span = 'ebay' then s.ebay_span else c.span end as span)
    from criteria as c
    cross join sellers as s
),

spans as (
    select distinct
        span,
        starts,
        ends
    from core.tier_measures
),

measured as (
    select
        c.*,
        w.starts,
        w.ends,
        case
            when c.is_unmeasured then null
            when c.measure in ('orders', 'sales_cents') then coalesce(m.numerator, 0)
            else m.numerator
        end as numerator,
        case when not c.is_unmeasured then m.denominator end as denominator,
        case when c.measure is not null and not c.is_unmeasured then coalesce(m.n, 0) end as n,
        case when c.measure in ('orders', 'sales_cents', 'selling_days') then 1 else nullif(m.denominator, 0) end as base
    from counted as c
    left join spans as w using (span)
    left join core.tier_measures as m using (seller_id, span, measure)
),

judged as (
    select
        *,
        case
            when measure = 'low_ratings' and base < 40 then numerator <= 4
            when comparison = 'at least' then numerator >= bound * base
            when comparison = 'at most' then numerator <= bound * base
            when comparison = 'below' then numerator < bound * base
        end as is_reached,
        case when not is_reached or missing_inputs = '' then is_reached end as is_met
    from measured
)

select
    seller_id,
    programme,
    criterion,
    starts as window_start,
    ends as window_end,
    numerator / base as value,
    numerator,
    denominator,
    n,
    comparison,
    cast(bound as double) as bound,
    is_met,
    case
        when is_met is not null then null
        when is_unmeasured then 'not_measured'
        when missing_inputs <> '' then 'missing_inputs'
        else 'no_data'
    end as reason,
    nullif(missing_inputs, '') as missing_inputs,
    case
        when bool_or(not is_met) over of_programme then false
        when count(is_met) over of_programme = count(*) over of_programme then true
    end as would_stand
from judged
window of_programme as (partition by seller_id, programme)
