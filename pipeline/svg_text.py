"""Letters in charts as WeasyPrint 70 prints them, put right: it lays out the text of an SVG letter by letter.

What belongs here: this one repair of the engine, made in the process that prints. A word of a script that joins, stacks
or runs leftwards is more than its letters in a row: an Arabic name would be printed backwards and in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: The scripts before this one are printed right letter by letter, and kept as they are.
_FIRST_SHAPED = "\u0590"


class _OneLetter(str):
    """A text that the engine takes for a single letter, and so lays out as a whole."""

    def __iter__(self) -> Iterator[str]:
        yield str(self)


def lay_out_whole_texts() -> None:
    """From now on, in this process, a text of an SVG that needs shaping is laid out as one."""
    from weasyprint import svg as engine

    draw = engine.text

    def draw_whole(svg: Any, node: Any, font_size: float) -> None:
        if node.text and max(node.text) >= _FIRST_SHAPED:
            node._etree_node.text = _OneLetter(node.text)
        draw(svg, node, font_size)

    for tag in [tag for tag, function in engine.TAGS.items() if function is draw]:
        engine.TAGS[tag] = draw_whole
    engine.text = draw_whole  # the engine asks by it whether an element is a text
