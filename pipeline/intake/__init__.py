"""Deliveries into the warehouse: landed by content, checked, typed by rules, loaded by key, accounted for to the row.

What belongs here: the two ways in, `take_in` for the inbox and `take_in_platform` for another platform's files, and
what they answer. Call them with the warehouse open for writing and no transaction begun.
"""

from pipeline.intake.inbox import take_in
from pipeline.intake.outcomes import FileOutcome, IntakeResult
from pipeline.intake.platforms import take_in_platform

__all__ = ["FileOutcome", "IntakeResult", "take_in", "take_in_platform"]
