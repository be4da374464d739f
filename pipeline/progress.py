"""What a person sees while something takes more than a second: lines on standard error, quiet when nobody watches.

On a terminal each line says how long the work has run; elsewhere the lines are plain, one an event, for a log.
"""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


def progress(text: str) -> None:
    """Say one thing that is about to happen or has just happened."""
    if sys.stderr.isatty():
        elapsed = time.monotonic() - _STARTED
        print(f"\x1b[2m{elapsed:6.1f} s\x1b[0m  {text}", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)
