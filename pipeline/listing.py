"""The catalogue on a terminal: every metric, what it means, and what it is held against (`scmr17 metrics`).

What belongs here: laying out `sql/metrics/catalogue.csv` and `targets.csv` for a reader. One figure and its provenance
is `pipeline.explaining`'s; what an office holds is `pipeline.status`'s.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.catalogue import Metric, load_catalogue
from pipeline.errors import UserError
from pipeline.settings import DataFolder
from pipeline.targets import Target, load_targets


def metrics_listed(folder: DataFolder, word: str = "") -> RenderableType:
    """The metrics whose id, title or definition contains the word, in the catalogue's order; all without one.

    Raises UserError when there is none, BadConfiguration for a bad `targets.csv`.
    """
    found = [metric for metric in load_catalogue() if _mentions(metric, word.casefold())]
    if not found:
        raise UserError(f"no metric speaks of {word!r}; `scmr17 metrics` without a word lists all {_count()}")
    targets = load_targets(folder.settled_config / "targets.csv")
    entries = [_entry(metric, [target for target in targets if target.metric == metric.metric]) for metric in found]
    return Group(*entries, Text(f"{len(found)} of {_count()} metrics"))


def _count() -> int:
    return len(load_catalogue())


def _mentions(metric: Metric, word: str) -> bool:
    return any(word in text.casefold() for text in (metric.metric, metric.title, metric.definition, metric.source))


def _entry(metric: Metric, targets: list[Target]) -> RenderableType:
    better = {"up": ", more is better", "down": ", less is better", "": ""}[metric.better]
    lines = [
        f"{metric.title} · {metric.unit}{better}",
        f"by {', '.join(metric.periods)} · of {', '.join(metric.scopes)} · needs {', '.join(metric.needs)}",
        metric.definition,
        f"source: {metric.source}",
        *(_target(target) for target in targets),
    ]
    # No rich.padding: it would cut what is longer than the terminal is wide.
    return Group(Text(metric.metric, style="bold"), Text("".join(f"  {line}\n" for line in lines)))


def _target(target: Target) -> str:
    period = "every period" if target.period_type == "all" else f"a {target.period_type}"
    sense = "at least" if target.direction == "up" else "at most"
    return f"target: {sense} {target.value.normalize():f} for {period} from {target.effective_from} ({target.source})"
