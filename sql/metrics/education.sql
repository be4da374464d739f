-- Active sellers, the training that they took, and how satisfied sellers are with it.
--
-- grain: period_id, scope, entity_id, metric
-- Of all active sellers (metrics.seller_training), so the shares are a census without sampling error; the survey is a sample
-- of them, and its limits know how many they are; where more answered than are known to be active, they are Wilson's.
-- Missing: no_data before the first training record or survey answer, for nobody may have kept any; no_review_course until a
-- course on answering reviews is known. By the period's end, for what comes later does not change it.
with satisfied as (
    select
        d.period_id,
        s.is_satisfied
    from core.survey_answers as s
    inner join plan.period_days as d using (day)
    where s.role = 'seller' and s.instrument = 'education'
    qualify
        row_number() over (
            partition by d.period_id, s.respondent_id
            order by s.answered_at desc, s.response_id desc
        ) = 1
),

answers as (
    select
        period_id,
        count(*) filter (where is_satisfied) as satisfied,
        count(*) as answers
    from satisfied
    group by period_id
),

first_training as (
    select
        min(day) as training_day,
        min(day) filter (where is_review_course) as review_course_day
    from core.training
),

first_answer as (
    select min(day) as answer_day
    from core.survey_answers
    where role = 'seller' and instrument = 'education'
),

counts as (
    select
        t.period_id,
        f.training_day < p.period_end as has_training,
        f.review_course_day < p.period_end as has_review_course,
        a.answer_day < p.period_end as has_survey,
        count(*) as sellers,
        count(*) filter (where t.is_participant) as participants,
        count(*) filter (where t.is_review_course_starter) as starters,
        count(*) filter (where t.is_review_course_completer) as completers,
        count(*) filter (where t.sessions > 0) as engaged,
        count(*) filter (where t.has_answered_survey) as answering,
        sum(t.sessions) as sessions
    from metrics.seller_training as t
    inner join plan.periods as p using (period_id)
    cross join first_training as f
    cross join first_answer as a
    group by t.period_id, has_training, has_review_course, has_survey
)

select
    c.period_id,
    'all' as scope,
    'all' as entity_id,
    m.metric,
    cast(case when m.reason is null then m.numerator end as bigint) as numerator,
    cast(case when m.reason is null then m.denominator end as bigint) as denominator,
    cast(m.n as bigint) as n,
    m.reason,
    null as low,
    null as high
from counts as c
cross join lateral (
    values
    ('active_sellers', sellers, null, sellers, null),
    ('training_participation', participants, sellers, sellers, if(has_training, null, 'no_data')),
    ('training_completion', completers, sellers, sellers, if(has_review_course, null, 'no_review_course')),
    ('training_completion_of_starters', completers, starters, starters, if(has_review_course, null, 'no_review_course')),
    ('education_engagement', engaged, sellers, sellers, if(has_training, null, 'no_data')),
    ('education_sessions_per_seller', sessions, sellers, sellers, if(has_training, null, 'no_data')),
    ('education_survey_answering', answering, sellers, sellers, if(has_survey, null, 'no_data'))
) as m (metric, numerator, denominator, n, reason)
union all
select
    a.period_id,
    'all',
    'all',
    'resource_satisfaction',
    a.satisfied,
    a.answers,
    a.answers,
    null,
    case
        when a.answers < c.sellers
            then greatest(0, stats.finite_population_limit(a.satisfied, a.answers, c.sellers, -1.959963984540054))
        when coalesce(a.answers <> c.sellers, true) then stats.wilson_low(a.satisfied / a.answers, a.answers)
    end,
    case
        when a.answers < c.sellers
            then least(1, stats.finite_population_limit(a.satisfied, a.answers, c.sellers, 1.959963984540054))
        when coalesce(a.answers <> c.sellers, true) then stats.wilson_high(a.satisfied / a.answers, a.answers)
    end
from answers as a
left join counts as c using (period_id)
