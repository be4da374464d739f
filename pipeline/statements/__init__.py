"""Royalty statements and scorecards: one page for each seller, printed by Typst, alone or all of a period.

What belongs here: what the page says, and printing thousands of them; `bulk.write_statements` is the way in. The look
is `report_templates/statement.typ`, the royalties are `pipeline.analyses.royalties`', the monthly and quarterly reports
`pipeline.figures` and `pipeline.render`. Nothing is imported here, so that a printing process starts with little.
"""
