-- Reach times intensity is the linked messages per order: the same orders were written about, and of no more messages than
-- there are.
--
-- of: metrics.message_orders
select
    reach.period_id,
    reach.numerator as orders_reached,
    intensity.denominator as orders_written_about,
    intensity.numerator as linked_messages,
    messages.numerator as messages
from metrics.message_orders as reach
inner join metrics.message_orders as intensity
    on reach.period_id = intensity.period_id and intensity.metric = 'message_intensity'
inner join metrics.message_orders as messages
    on reach.period_id = messages.period_id and messages.metric = 'messages_per_order'
where
    reach.metric = 'message_reach'
    and (
        reach.numerator <> intensity.denominator
        or reach.denominator <> messages.denominator
        or intensity.numerator > messages.numerator
    )
