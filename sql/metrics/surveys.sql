-- Net Promoter Score on both scales, and customer satisfaction (top two boxes), from the buyers' survey answers.
--
-- grain: period_id, scope, entity_id, metric
-- One answer, the latest, for each respondent, instrument, scale, touchpoint and period. NPS: 9 and 10 promote, 7 and 8 are
-- passive, the rest detract, on either scale; the two scales are separate metrics and never pooled.
with asked as (
    select
        d.period_id,
        s.*,
        case when s.instrument = 'csat' then 'csat' when s.scale_min = 1 then 'nps_1_10' else 'nps' end as metric
    from core.survey_answers as s
    inner join plan.period_days as d using (day)
    where s.role = 'buyer' and s.instrument in ('nps', 'csat')
    qualify
        row_number() over (
            partition by d.period_id, s.respondent_id, s.instrument, s.scale_min, s.scale_max, s.touchpoint
            order by s.answered_at desc, s.response_id desc
        ) = 1
),

subjects as (
    select
        *,
        'all' as scope,
        'all' as entity_id
    from asked
    union all
    select
        *,
        'touchpoint',
        touchpoint
    from asked
    where touchpoint is not null
    union all
    select
        a.*,
        o.scope,
        o.entity_id
    from asked as a
    inner join core.order_subjects as o using (order_id)
    where o.scope = 'category'
),

counts as (
    select
        period_id,
        scope,
        entity_id,
        metric,
        count(*) as answers,
        count(*) filter (where is_satisfied) as satisfied,
        count(*) filter (where score >= 9) as promoters,
        count(*) filter (where score <= 6) as detractors
    from subjects
    group by period_id, scope, entity_id, metric
)

select
    period_id,
    scope,
    entity_id,
    metric,
    case when metric = 'csat' then satisfied else promoters - detractors end as numerator,
    answers as denominator,
    answers as n,
    case when metric <> 'csat' then 100.0 * (promoters - detractors) / answers end as value,
    case when metric <> 'csat' then (promoters + detractors) / answers - pow((promoters - detractors) / answers, 2) end
        as variance
from counts
