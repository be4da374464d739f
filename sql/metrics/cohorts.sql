-- Of those who first bought in a month, the share that bought again in each calendar month since.
--
-- grain: cohort_month, months_since
-- METRICS.md A10: months of the office's time zone, and "bought in that very month", not "that month or later". A month
-- that has not ended at as_of is null, immature, not 0; a cohort of fewer than 10 is suppressed. The limits are
-- Wilson's; month 0 has none, being 1 by definition. Who had bought before our first day counts as new: the first
-- cohorts hold old customers.
with sizes as (
    select
        cast(date_trunc('month', first_day) as date) as cohort_month,
        count(*) as cohort_buyers
    from core.buyer_days
    where day = first_day
    group by cohort_month
),

active as (
    select
        cast(date_trunc('month', first_day) as date) as cohort_month,
        date_diff('month', first_day, day) as months_since,
        count(distinct buyer_id) as buyers
    from core.buyer_days
    group by cohort_month, months_since
),

known as (
    select
        as_of_day,
        timezone(time_zone, timezone('UTC', as_of - to_microseconds(1))) as last_moment
    from plan.run
),

months as (
    select
        s.*,
        unnest(range(date_diff('month', s.cohort_month, k.last_moment) + 1)) as months_since,
        k.as_of_day
    from sizes as s
    cross join known as k
),

cells as (
    select
        s.cohort_month,
        s.months_since,
        s.cohort_buyers,
        coalesce(a.buyers, 0) as all_buyers,
        case
            when s.cohort_month + to_months(cast(s.months_since + 1 as integer)) > s.as_of_day then 'immature'
            when s.cohort_buyers < 10 then 'suppressed'
        end as reason,
        case when reason is null then all_buyers end as buyers,
        case when reason is null then all_buyers / s.cohort_buyers end as share
    from months as s
    left join active as a using (cohort_month, months_since)
)

select
    cohort_month,
    cast(months_since as integer) as months_since,
    cohort_buyers,
    buyers,
    share,
    case when months_since > 0 then stats.wilson_low(share, cohort_buyers) end as low,
    case when months_since > 0 then stats.wilson_high(share, cohort_buyers) end as high,
    reason
from cells
order by cohort_month, months_since
