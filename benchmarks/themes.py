"""What themes cost: a million reviews of about fifteen words, every month and quarter of two years.

Run it with `python benchmarks/themes.py [REVIEWS]`. Prints CPU seconds, wall seconds and peak memory of the table and,
in the same run, of DuckDB's bare split of the same texts into words and a count of each: no pairs, no cleaning, no
comparing. Each in a process of its own. Words follow Zipf's law; one in eight of an unhappy review is a complaint, one
in fifty of any review is its month's.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REVIEWS = 1_000_000
LEAST_WORDS, MOST_WORDS = 5, 25
VOCABULARY = 60_000
#: What the pipeline promises for a million reviews on two cores.
MOST_SECONDS = 60

PRELUDE = """
import sys
from pathlib import Path
import duckdb
path, reviews = sys.argv[1], int(sys.argv[2])
con = duckdb.connect(path)
con.execute("set enable_progress_bar = false")
"""
STEPS = {
    "sample": """
import numpy as np
import polars as pl
from pipeline.periods import between
from datetime import date
random = np.random.default_rng(17)
letters = np.array(list("abcdefghijklmnoprstuvzáéçã"))
words = np.array(["".join(random.choice(letters, size=size)) for size in random.integers(2, 11, VOCABULARY)])
often = 1 / np.arange(1, VOCABULARY + 1) ** 1.05
lengths = random.integers(LEAST_WORDS, MOST_WORDS + 1, reviews)
stars = random.choice([1, 2, 3, 4, 5], size=reviews, p=[0.1, 0.05, 0.1, 0.25, 0.5])
review = np.repeat(np.arange(reviews), lengths)
word = random.choice(VOCABULARY, size=review.size, p=often / often.sum())
kind = random.random(review.size)
word = np.where((kind < 1 / 8) & (stars[review] <= 2), 1000 + word % 200, word)
word = np.where(kind > 1 - 1 / 50, 2000 + 20 * (24 * review // reviews) + word % 20, word)
texts = pl.DataFrame({"review": review, "text": words[word]})
texts = texts.group_by("review", maintain_order=True).agg(pl.col("text").str.join(" "))
con.register("made", texts.with_columns(stars=stars).to_arrow())
con.execute('''
create schema raw; create schema core; create schema plan;
create table raw.reviews as
select
    'R' || review as review_id, 'S1' as seller_id, 'B' || review as buyer_id, text, stars,
    timestamp '2024-01-01' + to_seconds(review * 63072000 // $reviews) as created_at
from made;
create table core.reviews as
select * exclude (text), cast(created_at as date) as day, true as is_rated, true as has_text from raw.reviews;
create table plan.run as select timestamp '2026-01-01' as as_of;
create table plan.periods (period_id varchar, period_type varchar, period_start date, period_end date);
'''.replace("$reviews", str(reviews)))
for kind in ("month", "quarter"):
    for period in between(date(2024, 1, 1), date(2026, 1, 1), kind):
        con.execute("insert into plan.periods values (?, ?, ?, ?)", [period.id, kind, period.start, period.end])
""".replace("VOCABULARY", str(VOCABULARY))
    .replace("LEAST_WORDS", str(LEAST_WORDS))
    .replace("MOST_WORDS", str(MOST_WORDS)),
    "bare split": """
con.execute('''
select count(*), sum(n) from (
    select word, count(*) as n from (select unnest(string_split(text, ' ')) as word from raw.reviews) group by word
)
''').fetchall()
""",
    "themes": """
from pipeline.analyses import themes
from pipeline.settings import DEFAULT_CONFIG
print(f"    {themes.compute(con, DEFAULT_CONFIG).height:,} themes")
""",
}


def main(reviews: int = REVIEWS) -> None:
    """Run every step in turn and print a row for each."""
    print(f"themes of {reviews:,} reviews\n{'step':12} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, code in STEPS.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            tail = "\nimport resource\nprint('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
            command = [sys.executable, "-c", PRELUDE + code + tail, str(Path(folder, "reviews.duckdb")), str(reviews)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            *lines, peak = done.stdout.splitlines()
            wall = time.monotonic() - started
            print(f"{name:12} {cpu:8.1f} {wall:8.1f} {int(peak.split()[1]) / 1024:8.0f}", flush=True)
            print(*lines, sep="\n", end="\n" * bool(lines))
    print(f"wanted: at most {MOST_SECONDS} s for a million reviews; a busy machine takes longer")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
