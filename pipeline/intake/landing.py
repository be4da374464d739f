"""From a delivered file, whoever wrote it, to a copy under a name of ours: `landing/<sha256>`.

What belongs here: finding deliveries, opening them safely, copying while hashing. Nothing is parsed here; what a file's
content is gets decided by `formats`, and whether we have seen it by `ledger`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import CannotWrite, DataRefused

COPY_BYTES = 1 << 20
#: How copies are called in `landing/` until they are whole.
ARRIVING = ".arriving-"
#: Left by programs that are still writing.
UNFINISHED = (".tmp", ".part", ".crdownload", ".filepart")


@dataclass(frozen=True)
class Delivery:
    """A file that somebody put where we look. `export` is the office's export, or `<platform>.<table>`."""

    export: str
    path: Path
    platform: str = ""

    @property
    def name(self) -> str:
        """The file's name as it can be stored and printed: bytes that are no UTF-8 are shown as replacement marks."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")


@dataclass(frozen=True)
class Landed:
    """A delivery's bytes in `landing/`. `exported_at` is the file's modification time, UTC without a zone."""

    delivery: Delivery
    path: Path
    sha256: str
    bytes: int
    exported_at: datetime


def find_deliveries(inbox: Path, exports: list[str]) -> list[Delivery]:
    """The files of `inbox/<export>/`, in order of export and name; hidden and unfinished ones are left alone."""
    return [
        Delivery(export, path) for export in exports if (inbox / export).is_dir() for path in files_in(inbox / export)
    ]


def files_in(folder: Path) -> list[Path]:
    """Everything in a folder that looks like a delivery, folders that are named like one included."""
    found = [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and not path.name.lower().endswith(UNFINISHED)
        and (path.suffix or not path.is_dir())
    ]
    return sorted(found, key=lambda path: os.fsencode(path.name))


def land(delivery: Delivery, landing: Path, known_sizes: Container[int] = ()) -> Landed:
    """Copy a delivery to `landing/<sha256>` (mode 0400), all of it or nothing.

    A file of one of the `known_sizes` is hashed first, and not copied when its copy is there already.

    Raises DataRefused for what is not one plain file of its own (a link, a pipe, a folder, a file that changes while it
    is read), and CannotWrite when the copy cannot be written.
    """
    source = _open_plainly(delivery)
    temporary = landing / f"{ARRIVING}{os.getpid()}"
    try:
        before = os.fstat(source)
        digest = _digest(source) if before.st_size in known_sizes else ""
        is_there = bool(digest) and (landing / digest).exists()
        if not is_there:
            digest = _copy(source, temporary)
        after = os.fstat(source)
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise DataRefused(f"{delivery.name}: the file changed while it was read; deliver it once it is complete")
        if not is_there:
            temporary.chmod(0o400)
            temporary.replace(landing / digest)
            _sync_folder(landing)
    except OSError as error:
        raise CannotWrite(f"{landing}: {error.strerror}: {before.st_size} bytes are needed there") from None
    finally:
        temporary.unlink(missing_ok=True)
        os.close(source)
    exported_at = datetime.fromtimestamp(before.st_mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
    return Landed(delivery, landing / digest, digest, before.st_size, exported_at)


def _open_plainly(delivery: Delivery) -> int:
    """A descriptor of a regular file with one name. O_NONBLOCK, so that a pipe without a writer cannot hold us."""
    try:
        descriptor = os.open(delivery.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "a symbolic link; deliver the file itself" if error.errno == errno.ELOOP else error.strerror
        raise DataRefused(f"{delivery.name}: {why}") from None
    state = os.fstat(descriptor)
    problem = ""
    if stat.S_ISDIR(state.st_mode):
        problem = "a folder; deliver files, one level deep"
    elif not stat.S_ISREG(state.st_mode):
        problem = "not a regular file (a pipe, a socket or a device)"
    elif state.st_nlink != 1:
        problem = f"a hard link, one of {state.st_nlink} names of one file; deliver a copy"
    if problem:
        os.close(descriptor)
        raise DataRefused(f"{delivery.name}: {problem}")
    return descriptor


def _digest(source: int) -> str:
    with os.fdopen(os.dup(source), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: int, target: Path) -> str:
    """Copy to a new file, flushed to the disk; its SHA-256 in hex."""
    digest = hashlib.sha256()
    target.unlink(missing_ok=True)
    os.lseek(source, 0, os.SEEK_SET)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while block := os.read(source, COPY_BYTES):
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
