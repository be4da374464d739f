"""A believable marketplace to try everything on: eighteen months of exports, the same for everybody.

What belongs here: making the sample's rows and writing them as an inbox. It imports nothing of intake or metrics, so
that neither can be right by agreeing with itself; what the rows must look like is said by `pipeline.contracts`.

How the modules build on each other: `clock` (time) → `market` (sellers, products) → `stories` (what changes) →
`orders`, `training` → `reviews`, `conversations`, `engagement` → `views`, `small_views`, `message_views` (as exports
know it) → `inbox` (files).
"""

from pipeline.sample.files import SampleFile
from pipeline.sample.inbox import SampleSummary, write_sample
from pipeline.sample.stories import Story

__all__ = ["SampleFile", "SampleSummary", "Story", "write_sample"]
