-- How the sellers spread over the statuses of the Expertise scale: the share of each status, and of any.
--
-- grain: period_id, scope, entity_id, metric
-- On the last Monday on or before the period's end or as_of, whichever is earlier. Counted: sellers of the sellers file that had
-- joined before that Monday and are not closed (a closure has no date, so a closed seller is left out of earlier periods too)
-- and whose status is known. Scope all: sellers that hold any status. expertise_insufficient_share: those of them whose
-- after-sales quality too few conversations tell, and whose status is therefore capped at the last one earned.
with mondays as (
    select
        p.period_id,
        cast(date_trunc('week', least(p.period_end, r.as_of_day)) as date) as monday
    from plan.periods as p
    cross join plan.run as r
),

sellers as (
    select
        m.period_id,
        e.status,
        e.reason = 'insufficient_conversations' as is_insufficient
    from metrics.expertise as e
    inner join mondays as m using (monday)
    inner join core.sellers as s using (seller_id)
    where e.level is not null and s.status <> 'closed'
),

totals as (
    select
        period_id,
        count(*) as sellers,
        count(*) filter (where status <> 'none') as holders,
        count(*) filter (where is_insufficient) as insufficient
    from sellers
    group by period_id
)

select
    t.period_id,
    'all' as scope,
    'all' as entity_id,
    unnest(['expertise_share', 'expertise_insufficient_share']) as metric,
    unnest([t.holders, t.insufficient]) as numerator,
    t.sellers as denominator,
    t.sellers as n
from totals as t
union all by name
select
    t.period_id,
    'level' as scope,
    l.status as entity_id,
    'expertise_share' as metric,
    count(s.status) as numerator,
    t.sellers as denominator,
    t.sellers as n
from totals as t
cross join (values ('none'), ('conqueror'), ('captain'), ('superhero')) as l (status)
left join sellers as s on t.period_id = s.period_id and l.status = s.status
group by t.period_id, l.status, t.sellers
