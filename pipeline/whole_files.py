"""Files that are on the disk whole or not at all.

What belongs here: the one way to put a report's file in its place. DuckDB writes its own files, and
`pipeline.publishing` swaps those.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put the bytes in the file's place so that they are on the disk and whole, whatever happens next."""
    building = path.with_name(f".build-{path.name}")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)
