-- One row per training event of a seller before as_of.
--
-- grain: seller_id, course_id, event, happened_at
-- A course is one on answering reviews when its id has the word review in it: the export says no more of a course.
select
    t.seller_id,
    t.course_id,
    t.event,
    t.at as happened_at,
    cast(timezone(r.time_zone, timezone('UTC', t.at)) as date) as day,
    contains(lower(t.course_id), 'review') as is_review_course
from raw.training as t
cross join plan.run as r
where t.at < r.as_of and not ref.is_excluded(t.seller_id)
order by day
