-- Every seller's account runs on: opening + allocation + adjustment - payout = closing, which opens the next; no payout is negative or too small.
--
-- of: metrics.royalties
-- A seller who has no line in a period had no balance in it.
with accounts as (
    select
        period_id,
        period_start,
        seller_id,
        opening_held_cents + opening_overpaid_cents as opening_cents,
        allocation_cents + adjustment_cents as entered_cents,
        payout_cents,
        carried_cents,
        minimum_payout_cents,
        closing_held_cents,
        closing_overpaid_cents,
        closing_held_cents + closing_overpaid_cents as closing_cents
    from metrics.royalties
)

select
    *,
    coalesce(lag(closing_cents) over before_it, 0) as previous_closing_cents
from accounts
window before_it as (partition by seller_id order by period_start)
qualify
    opening_cents + entered_cents - payout_cents <> closing_cents
    or entered_cents - payout_cents <> carried_cents
    or opening_cents <> coalesce(lag(closing_cents) over before_it, 0)
    or payout_cents < 0
    or (payout_cents > 0 and payout_cents < minimum_payout_cents)
    or closing_held_cents < 0
    or closing_overpaid_cents > 0
    or least(closing_held_cents, -closing_overpaid_cents) <> 0
