-- Reviews by day and by what they speak of: a roll-up, since all of these counts add up over days.
--
-- grain: day, scope, entity_id
-- stars_k counts ratings; the answer columns count published reviews. Mature: old enough at as_of for the hours to have run
-- out, whether answered or not, so that fast answers do not enter early. Exactly 48:00:00 is within 48 hours.
with reviews as (
    select
        s.*,
        r.as_of - s.created_at >= interval 24 hour as is_mature_24h,
        r.as_of - s.created_at >= interval 48 hour as is_mature_48h,
        s.answered_at - s.created_at <= interval 24 hour as is_answered_24h,
        s.answered_at - s.created_at <= interval 48 hour as is_answered_48h
    from core.review_subjects as s
    cross join plan.run as r
)

select
    day,
    scope,
    entity_id,
    count(*) as reviews,
    count(*) filter (where is_rated) as ratings,
    count(*) filter (where is_rated and stars = 1) as stars_1,
    count(*) filter (where is_rated and stars = 2) as stars_2,
    count(*) filter (where is_rated and stars = 3) as stars_3,
    count(*) filter (where is_rated and stars = 4) as stars_4,
    count(*) filter (where is_rated and stars = 5) as stars_5,
    count(*) filter (where is_published and not is_mature_48h) as pending_48h,
    count(*) filter (where is_published and is_mature_48h) as mature_48h,
    count(*) filter (where is_published and is_mature_48h and is_answered_48h) as answered_48h,
    count(*) filter (where is_published and not is_mature_24h) as pending_24h,
    count(*) filter (where is_published and is_mature_24h) as mature_24h,
    count(*) filter (where is_published and is_mature_24h and is_answered_24h) as answered_24h,
    count(*) filter (where is_published and is_negative and not is_mature_48h) as negative_pending_48h,
    count(*) filter (where is_published and is_negative and is_mature_48h) as negative_mature_48h,
    count(*) filter (where is_published and is_negative and is_mature_48h and is_answered_48h) as negative_answered_48h,
    count(*) filter (where is_published and has_text and not is_mature_48h) as text_pending_48h,
    count(*) filter (where is_published and has_text and is_mature_48h) as text_mature_48h,
    count(*) filter (where is_published and has_text and is_mature_48h and is_answered_48h) as text_answered_48h,
    count(*) filter (where is_published and is_answered_by_staff) as answered_by_staff
from reviews
group by day, scope, entity_id
order by day
