-- Where each seller stands on the Expertise scale on each Monday, why, and what is missing to the next status.
--
-- grain: seller_id, monday
-- The scale of METRICS.md C: the highest status whose four criteria are all met, as known on Monday at 00:00 of the office.
-- A row for each seller that had joined before that Monday. Seniority: calendar months completed since the local day of
-- joining, clipped to a month's last day. Ratings: all before the Monday; positive is 4 or 5 stars. After-sales quality: the
-- weighted mean of inquiries answered, inquiries answered within 48 hours (both among those that are not exempt) and votes
-- ((v - 1) / 4), over six months without the last week. A part without data is left out, votes also below the policy's
-- smallest number; with no part of that many cases there is no quality. Then the other three criteria decide, but never above
-- the last status earned with all four, none if none was: reason insufficient_conversations. Other reasons, level null:
-- no_joined_at, or not_measured where no messages or no reviews file ever came. History begins with the files.
-- Levels and thresholds are compared as whole numbers. A status is what the files say today of that Monday: review status
-- and the sellers file carry no dates. previous_ is a week before. binding: the criteria that stand between the seller and
-- the next status. gap_: what each criterion lacks to it, 0 where met; null at the top and where there is nothing to count.
with levels (level, status, months, rating_tenths, positives, quality_percent) as (
    values
    (1, 'conqueror', 3, 25, 1, 75),
    (2, 'captain', 6, 35, 3, 85),
    (3, 'superhero', 12, 40, 5, 95)
),

settings as (
    select
        list(l.status order by l.level) as statuses,
        list(l.months order by l.level) as months,
        list(l.rating_tenths order by l.level) as rating_tenths,
        list(l.positives order by l.level) as positives,
        list(l.quality_percent order by l.level) as quality_percent,
        cast(ref.policy('expertise_response_weight') as bigint) as response_weight,
        cast(ref.policy('expertise_timeliness_weight') as bigint) as timeliness_weight,
        cast(ref.policy('expertise_votes_weight') as bigint) as votes_weight,
        cast(ref.policy('expertise_smallest_number') as bigint) as smallest_number,
        (
            select count(*) = 2 from ref.measured
            where need in ('messages', 'reviews')
        ) as is_measured
    from levels as l
),

-- A seller without a day of joining begins with the first trace in the files: to be shown unrated, not to count as senior.
seen as (
    select
        seller_id,
        min(day) as day
    from core.order_lines
    group by seller_id
    union all
    select
        entity_id,
        min(day)
    from core.review_days
    where scope = 'seller'
    group by entity_id
),

traces as (
    select
        seller_id,
        min(day) as day
    from seen
    group by seller_id
),

sellers as (
    select
        s.seller_id,
        cast(timezone(r.time_zone, timezone('UTC', s.joined_at)) as date) as joined_day,
        coalesce(joined_day, t.day) as known_day
    from core.sellers as s
    cross join plan.run as r
    left join traces as t using (seller_id)
),

mondays as (
    select cast(unnest(generate_series(stats.monday_after(first_day), as_of_day, interval 7 day)) as date) as monday
    from plan.run
),

counts as (
    select
        s.seller_id,
        m.monday,
        s.joined_day,
        s.known_day,
        cast(sum(x.mature) over known as bigint) as mature,
        cast(sum(x.answered) over known as bigint) as answered,
        cast(sum(x.answered_48h) over known as bigint) as answered_48h,
        cast(sum(x.exempt) over known as bigint) as exempt,
        cast(sum(x.voted) over known as bigint) as voted,
        cast(sum(x.voted_halves) over known as bigint) as voted_halves,
        cast(sum(x.speed_votes) over known as bigint) as speed_votes,
        cast(sum(x.speed_sum) over known as bigint) as speed_sum,
        cast(sum(x.quality_votes) over known as bigint) as quality_votes,
        cast(sum(x.quality_sum) over known as bigint) as quality_sum,
        cast(sum(x.ratings) over known as bigint) as ratings,
        cast(sum(x.rating_sum) over known as bigint) as rating_sum,
        cast(sum(x.positives) over known as bigint) as positives
    from sellers as s
    cross join mondays as m
    left join core.expertise_steps as x using (seller_id, monday)
    window known as (partition by s.seller_id order by m.monday)
),

criteria as (
    select
        c.seller_id,
        c.monday,
        datesub('month', c.joined_day, c.monday) as months_completed,
        coalesce(c.ratings, 0) as ratings,
        coalesce(c.rating_sum, 0) as rating_sum,
        coalesce(c.positives, 0) as positive_ratings,
        coalesce(c.mature, 0) as inquiries,
        coalesce(c.exempt, 0) as exempt,
        coalesce(c.mature, 0) - coalesce(c.exempt, 0) as due,
        coalesce(c.answered, 0) as answered,
        coalesce(c.answered_48h, 0) as answered_48h,
        coalesce(c.voted, 0) as voted_messages,
        coalesce(c.voted_halves, 0) as voted_halves,
        coalesce(c.speed_votes, 0) as speed_votes,
        coalesce(c.speed_sum, 0) as speed_sum,
        coalesce(c.quality_votes, 0) as quality_votes,
        coalesce(c.quality_sum, 0) as quality_sum
    from counts as c
    where c.known_day < c.monday
),

-- The weighted mean as one fraction: answers over due, votes over eight times the voted messages ((v - 1) / 4, v in halves).
-- A part that is left out has weight 0 and is over 1.
parts as (
    select
        c.*,
        c.voted_messages >= s.smallest_number as has_votes,
        greatest(c.due, c.voted_messages) >= s.smallest_number as has_quality,
        greatest(c.inquiries, c.voted_messages) >= s.smallest_number as has_quality_no_exemption,
        s.response_weight * c.answered + s.timeliness_weight * c.answered_48h as answers_above,
        s.response_weight + s.timeliness_weight as answers_weight,
        case when has_votes then 8 * c.voted_messages else 1 end as votes_below,
        case when has_votes then s.votes_weight * (c.voted_halves - 2 * c.voted_messages) else 0 end as votes_above,
        case when has_votes then s.votes_weight else 0 end as vote_part_weight
    from criteria as c
    cross join settings as s
),

qualities as (
    select
        * exclude (
            has_votes, has_quality, has_quality_no_exemption, answers_above, answers_weight, votes_below, votes_above,
            vote_part_weight
        ),
        case when has_votes then (voted_halves - 2 * voted_messages) / (8 * voted_messages) end as vote_share,
        case when has_quality then answers_above * votes_below + votes_above * greatest(due, 1) end as quality_numerator,
        case when has_quality then
            nullif(
                (case when due > 0 then answers_weight else 0 end + vote_part_weight) * greatest(due, 1) * votes_below, 0
            )
        end as quality_denominator,
        case when has_quality_no_exemption then
            (answers_above * votes_below + votes_above * greatest(inquiries, 1))
            / nullif(
                (case when inquiries > 0 then answers_weight else 0 end + vote_part_weight)
                * greatest(inquiries, 1) * votes_below, 0
            )
        end as quality_share_no_exemption
    from parts
),

criterion_levels as (
    select
        q.*,
        stats.thresholds_reached(q.months_completed, 1, s.months) as seniority_level,
        coalesce(stats.thresholds_reached(10 * q.rating_sum, q.ratings, s.rating_tenths), 0) as rating_level,
        stats.thresholds_reached(q.positive_ratings, 1, s.positives) as positives_level,
        stats.thresholds_reached(100 * q.quality_numerator, q.quality_denominator, s.quality_percent) as quality_level,
        case
            when not s.is_measured then 'not_measured'
            when q.months_completed is null then 'no_joined_at'
            when quality_level is null then 'insufficient_conversations'
        end as reason,
        case when s.is_measured and q.months_completed is not null then
            least(seniority_level, rating_level, positives_level)
        end as level_without_quality
    from qualities as q
    cross join settings as s
),

levels_held as (
    select
        *,
        coalesce(
            last_value(case when quality_level is not null then least(level_without_quality, quality_level) end ignore nulls)
                over weeks,
            0
        ) as last_earned_level,
        case when coalesce(reason, 'insufficient_conversations') = 'insufficient_conversations' then
            least(level_without_quality, last_earned_level)
        end as level
    from criterion_levels
    window weeks as (partition by seller_id order by monday)
),

standing as (
    select
        h.*,
        lag(h.level) over (partition by h.seller_id order by h.monday) as previous_level,
        case when h.level < 3 then h.level + 1 end as next_level
    from levels_held as h
)

select
    h.seller_id,
    h.monday,
    h.level,
    case when h.level = 0 then 'none' else s.statuses[h.level] end as status,
    h.previous_level,
    case when h.previous_level = 0 then 'none' else s.statuses[h.previous_level] end as previous_status,
    coalesce(h.level <> h.previous_level, false) as is_change,
    h.reason,
    h.level_without_quality,
    h.last_earned_level,
    h.months_completed,
    h.seniority_level,
    h.rating_sum,
    h.ratings,
    h.rating_sum / nullif(h.ratings, 0) as average_rating,
    h.rating_level,
    h.positive_ratings,
    h.positives_level,
    h.inquiries,
    h.exempt,
    h.due,
    h.answered,
    h.answered / nullif(h.due, 0) as response_share,
    h.answered_48h,
    h.answered_48h / nullif(h.due, 0) as timely_share,
    h.voted_messages,
    h.speed_sum,
    h.speed_votes,
    h.quality_sum,
    h.quality_votes,
    h.voted_halves / nullif(2 * h.voted_messages, 0) as vote_mean,
    h.vote_share,
    h.quality_numerator,
    h.quality_denominator,
    h.quality_numerator / h.quality_denominator as quality_share,
    h.quality_share_no_exemption,
    h.quality_level,
    nullif(
        concat_ws(
            ', ',
            case when h.seniority_level < h.next_level then 'seniority' end,
            case when h.rating_level < h.next_level then 'average rating' end,
            case when h.positives_level < h.next_level then 'positive ratings' end,
            case when coalesce(h.quality_level, h.last_earned_level) < h.next_level then 'after-sales quality' end
        ), ''
    ) as binding,
    stats.shortfall(s.months[h.next_level], h.months_completed) as gap_months,
    stats.shortfall(s.rating_tenths[h.next_level] / 10, h.rating_sum / nullif(h.ratings, 0)) as gap_rating,
    stats.shortfall(s.positives[h.next_level], h.positive_ratings) as gap_positive_ratings,
    stats.shortfall(s.quality_percent[h.next_level], 100 * quality_share) as gap_quality_points
from standing as h
cross join settings as s
