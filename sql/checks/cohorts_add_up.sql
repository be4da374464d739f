-- Every customer belongs to one cohort, and all of a cohort bought in its first month.
--
-- of: metrics.cohorts
with cohorts as (
    select
        cohort_month,
        any_value(cohort_buyers) as cohort_buyers,
        max(buyers) filter (where months_since = 0) as bought_at_first
    from metrics.cohorts
    group by cohort_month
)

select
    'customers' as what,
    (select count(distinct buyer_id) from core.orders) as expected,
    (select sum(cohort_buyers) from cohorts) as found
where (select coalesce(sum(cohort_buyers), 0) from cohorts) <> (select count(distinct buyer_id) from core.orders)
union all
select
    'first month ' || cohort_month,
    cohort_buyers,
    bought_at_first
from cohorts
where bought_at_first is not null and bought_at_first <> cohort_buyers
