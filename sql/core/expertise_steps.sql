-- What changes on each Monday in the counts that the Expertise scale looks at: one row per seller and Monday of a change.
--
-- grain: seller_id, monday
-- Added up over a seller's Mondays these are the counts as known on that Monday at 00:00 of the office: nothing of that day
-- or later. An inquiry and a vote count from the first Monday on that lies a full week after their day, and leave on the first
-- whose six months no longer reach back to it (clipped to a month's last day): METRICS.md C, B23, B24. All such inquiries are
-- older than 48 hours. An inquiry is answered from the Monday after its answer on; whether one still open was exempt follows
-- what the buyer had written by each Monday. Ratings never leave. A vote counts on its message's day, as none has a date.
-- voted_halves: for each voted message twice the mean of its speed and quality votes (1 to 5), a whole number.
with days as (
    select cast(unnest(generate_series(first_day, as_of_day, interval 1 day)) as date) as day
    from plan.run
),

mondays as (
    select distinct stats.monday_after(day) as monday
    from days
),

-- A Monday's window begins at monday - 6 months; the first to begin after a day is the one that the day leaves on.
windows as (
    select
        d.day,
        stats.monday_after(d.day) + 7 as enters,
        coalesce(min(m.monday), date '9999-12-27') as leaves
    from days as d
    left join mondays as m on d.day < m.monday - interval 6 month
    group by d.day
),

inquiries as (
    select
        i.inquiry_id,
        i.conversation_id,
        i.seller_id,
        i.asked_at,
        i.answered_at,
        i.is_first_of_conversation,
        w.enters,
        w.leaves,
        coalesce(i.answered_at - i.asked_at <= interval 48 hour, false) as is_answered_48h,
        coalesce(
            stats.monday_after(cast(timezone(r.time_zone, timezone('UTC', i.answered_at)) as date)), date '9999-12-27'
        ) as answered_monday
    from core.inquiries as i
    cross join plan.run as r
    inner join windows as w using (day)
),

-- Only inquiries that were open on a Monday of their window can be exempt on one.
notes as (
    select
        i.inquiry_id,
        i.seller_id,
        i.enters,
        i.leaves,
        stats.asks_nothing(
            bool_or(m.needs_response) over so_far,
            i.is_first_of_conversation,
            sum(m.body_words) over so_far,
            bool_or(m.says_thanks) over so_far,
            bool_or(m.has_question) over so_far
        ) as is_exempt,
        stats.monday_after(m.day) as known_monday,
        coalesce(lead(stats.monday_after(m.day)) over so_far, i.answered_monday) as next_monday
    from inquiries as i
    inner join core.messages as m
        on
            i.conversation_id = m.conversation_id and i.asked_at <= m.sent_at
            and (i.answered_at is null or m.sent_at < i.answered_at)
    where i.enters < i.answered_monday and m.is_counted and m.sender_role = 'buyer'
    window so_far as (partition by i.inquiry_id order by m.sent_at, m.message_id)
),

exemptions as (
    select
        seller_id,
        greatest(known_monday, enters) as begins,
        least(next_monday, leaves) as ends
    from notes
    where is_exempt and greatest(known_monday, enters) < least(next_monday, leaves)
),

votes as (
    select
        m.seller_id,
        w.enters,
        w.leaves,
        count(*) as voted,
        sum(coalesce(m.speed_vote, m.quality_vote) + coalesce(m.quality_vote, m.speed_vote)) as voted_halves,
        count(m.speed_vote) as speed_votes,
        coalesce(sum(m.speed_vote), 0) as speed_sum,
        count(m.quality_vote) as quality_votes,
        coalesce(sum(m.quality_vote), 0) as quality_sum
    from core.messages as m
    inner join windows as w using (day)
    where
        m.is_counted and m.sender_role = 'seller'
        and (m.speed_vote is not null or m.quality_vote is not null)
    group by m.seller_id, w.enters, w.leaves
),

steps as (
    select
        seller_id,
        enters as monday,
        count(*) as mature,
        count(*) filter (where answered_monday <= enters) as answered,
        count(*) filter (where is_answered_48h) as answered_48h
    from inquiries
    group by seller_id, enters
    union all by name
    select
        seller_id,
        answered_monday as monday,
        count(*) as answered
    from inquiries
    where enters < answered_monday and answered_monday < leaves
    group by seller_id, answered_monday
    union all by name
    select
        seller_id,
        leaves as monday,
        -count(*) as mature,
        -count(*) filter (where answered_monday < leaves) as answered,
        -count(*) filter (where is_answered_48h) as answered_48h
    from inquiries
    group by seller_id, leaves
    union all by name
    select
        seller_id,
        unnest([begins, ends]) as monday,
        unnest([1, -1]) as exempt
    from exemptions
    union all by name
    select
        seller_id,
        unnest([enters, leaves]) as monday,
        unnest([voted, -voted]) as voted,
        unnest([voted_halves, -voted_halves]) as voted_halves,
        unnest([speed_votes, -speed_votes]) as speed_votes,
        unnest([speed_sum, -speed_sum]) as speed_sum,
        unnest([quality_votes, -quality_votes]) as quality_votes,
        unnest([quality_sum, -quality_sum]) as quality_sum
    from votes
    union all by name
    select
        entity_id as seller_id,
        stats.monday_after(day) as monday,
        ratings,
        stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5 as rating_sum,
        stars_4 + stars_5 as positives
    from core.review_days
    where scope = 'seller'
)

select
    s.seller_id,
    s.monday,
    cast(coalesce(sum(s.mature), 0) as bigint) as mature,
    cast(coalesce(sum(s.answered), 0) as bigint) as answered,
    cast(coalesce(sum(s.answered_48h), 0) as bigint) as answered_48h,
    cast(coalesce(sum(s.exempt), 0) as bigint) as exempt,
    cast(coalesce(sum(s.voted), 0) as bigint) as voted,
    cast(coalesce(sum(s.voted_halves), 0) as bigint) as voted_halves,
    cast(coalesce(sum(s.speed_votes), 0) as bigint) as speed_votes,
    cast(coalesce(sum(s.speed_sum), 0) as bigint) as speed_sum,
    cast(coalesce(sum(s.quality_votes), 0) as bigint) as quality_votes,
    cast(coalesce(sum(s.quality_sum), 0) as bigint) as quality_sum,
    cast(coalesce(sum(s.ratings), 0) as bigint) as ratings,
    cast(coalesce(sum(s.rating_sum), 0) as bigint) as rating_sum,
    cast(coalesce(sum(s.positives), 0) as bigint) as positives
from steps as s
cross join plan.run as r
where s.monday <= r.as_of_day
group by s.seller_id, s.monday
