-- Messages by day, hour of the office's day and role of the sender: a roll-up, since counts add up over days.
--
-- grain: day, hour, sender_role
select
    day,
    hour,
    sender_role,
    count(*) as messages,
    count(*) filter (where is_counted) as counted,
    count(*) filter (where is_automated) as automated
from core.messages
group by day, hour, sender_role
order by day, hour
