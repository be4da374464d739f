-- Net Promoter Score on both scales, satisfaction (top two boxes) and ease (Customer Effort Score), from the buyers'
-- answers.
--
-- grain: period_id, scope, entity_id, metric
-- One answer, the latest, for each respondent, instrument and period; satisfaction and ease are asked of each touchpoint
-- apart. NPS: 9 and 10 promote, 7 and 8 are passive, the rest detract, on either scale; the two scales are separate
-- metrics and never pooled. Ease is asked
-- on 1 to 7, 7 the easiest: the mean, the share of 5 to 7, and the share of 6 and 7 less that of 1 to 3.
with asked as (
    select
        d.period_id,
        s.*,
        case when s.instrument = 'nps' and s.scale_min = 1 then 'nps_1_10' else s.instrument end as series
    from core.survey_answers as s
    inner join plan.period_days as d using (day)
    where s.role = 'buyer' and s.instrument in ('nps', 'csat', 'ces')
    qualify
        row_number() over (
            partition by d.period_id, s.respondent_id, series, case when s.instrument <> 'nps' then s.touchpoint end
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
        series,
        count(*) as answers,
        count(*) filter (where is_satisfied) as satisfied,
        count(*) filter (where score >= 9) as promoters,
        count(*) filter (where score <= 6) as detractors,
        sum(score) as scores,
        sum(score * score) as squares,
        count(*) filter (where score >= 5) as rather_easy,
        count(*) filter (where score >= 6) as easy,
        count(*) filter (where score <= 3) as hard
    from subjects
    group by period_id, scope, entity_id, series
)

select
    c.period_id,
    c.scope,
    c.entity_id,
    m.metric,
    cast(m.numerator as bigint) as numerator,
    c.answers as denominator,
    c.answers as n,
    case when m.extremes is not null then 100.0 * m.numerator / c.answers end as value,
    coalesce(m.variance, m.extremes / c.answers - pow(m.numerator / c.answers, 2)) as variance
from counts as c
cross join lateral (
    values
    ('nps', 'nps', promoters - detractors, promoters + detractors, null),
    ('nps_1_10', 'nps_1_10', promoters - detractors, promoters + detractors, null),
    ('csat', 'csat', satisfied, null, null),
    ('ces', 'ces', scores, null, stats.sample_variance(answers, scores, squares)),
    ('ces', 'ces_top3_share', rather_easy, null, null),
    ('ces', 'ces_index', easy - hard, easy + hard, null)
) as m (series, metric, numerator, extremes, variance)
where m.series = c.series
