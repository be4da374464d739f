"""Text or not: strict decoding of the encoding that a source declares, never a guess.

What belongs here: turning a delivered text file into one that is proven UTF-8 without a byte-order mark. A guess at the
real encoding is good enough for a hint in a message, never for loading.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadConfiguration, DataRefused

Bytes = npt.NDArray[np.uint8]

UTF8_BOM = codecs.BOM_UTF8
BLOCK_BYTES = 1 << 20


class Utf8Check:
    """Strict UTF-8 over blocks that are fed in order. Blocks of ASCII cost one comparison a byte."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._has_pending = False

    def feed(self, block: Bytes, line: int, *, final: bool) -> None:
        """`line`: the line that the block starts on, for the message. Raises DataRefused."""
        if not self._has_pending and int(block.max(initial=0)) < 0x80:
            return
        data = block.tobytes()
        try:
            self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            # The decoder may have held back up to three bytes of the block before.
            at = max(error.start - len(self._decoder.getstate()[0]), 0)
            raise DataRefused(_not_utf8(self._name, data, at, line + data.count(b"\n", 0, at))) from None
        self._has_pending = bool(self._decoder.getstate()[0])


def _not_utf8(name: str, data: bytes, at: int, line: int) -> str:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    shown = data[max(start, at - 20) : min(end if end >= 0 else len(data), at + 20)]
    hint = shown.decode("cp1252", "replace")
    return (
        f"{name}, line {line}: not UTF-8 (byte 0x{data[at]:02x}). If the text should read {hint!r}, declare "
        'encoding = "cp1252" for this export in sources.toml; otherwise ask for the export in UTF-8'
    )


def decoded(path: Path, encoding: str, target: Path, name: str) -> tuple[Path, int]:
    """A UTF-8 file with this text, and where in it the text starts (after a byte-order mark).

    A file declared UTF-8 is returned as it is (its bytes are proven while its structure is checked); any other encoding
    is decoded strictly into `target`. Raises DataRefused when bytes and declaration disagree.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise BadConfiguration(f"sources.toml: {encoding!r} is not an encoding that Python knows") from None
    with path.open("rb") as file:
        head = file.read(64)
    if codec in ("utf-8", "ascii", "utf-8-sig"):
        _refuse_utf16(head, name)
        return path, len(UTF8_BOM) if head.startswith(UTF8_BOM) else 0
    _transcode(path, codec, target, name)
    return target, 0


def _refuse_utf16(head: bytes, name: str) -> None:
    has_mark = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if has_mark or head.count(b"\0") >= max(1, len(head) // 4):
        raise DataRefused(
            f"{name}: the file looks like UTF-16, not UTF-8. In Excel choose 'CSV UTF-8', or declare "
            'encoding = "utf-16" (or "utf-16-le") for this export in sources.toml'
        )


def _transcode(path: Path, codec: str, target: Path, name: str) -> None:
    decoder, line = codecs.getincrementaldecoder(codec)("strict"), 1
    control = ""
    utf8, is_utf8, is_ascii = codecs.getincrementaldecoder("utf-8")("strict"), True, True
    with path.open("rb") as file, target.open("wb") as out:
        while True:
            data = file.read(BLOCK_BYTES)
            try:
                text = decoder.decode(data, not data)
            except UnicodeDecodeError as error:
                at = error.start
                raise DataRefused(
                    f"{name}, near line {line + data.count(10, 0, at)}: not {codec} "
                    f"(byte 0x{error.object[at]:02x}); declare the export's real encoding in sources.toml"
                ) from None
            if is_utf8:
                try:
                    utf8.decode(data, not data)
                except UnicodeDecodeError:
                    is_utf8 = False
            is_ascii = is_ascii and data.isascii()
            control = control or _control(text, codec, name, line)
            line += text.count("\n")
            out.write(text.removeprefix("\ufeff").encode("utf-8") if line == 1 else text.encode("utf-8"))
            if not data:
                break
    if is_utf8 and not is_ascii and not codec.startswith("utf"):
        raise DataRefused(
            f"{name}: declared as {codec}, but the file is UTF-8: read as {codec} its accents would turn into "
            "other letters. Take the encoding out of sources.toml"
        )
    if control:
        raise DataRefused(control)


def _control(text: str, codec: str, name: str, line: int) -> str:
    """Bytes 0x80 to 0x9f are printable in cp1252 and control characters in Latin-1: the sign of the wrong choice."""
    if codec.startswith("utf") or text.isascii():
        return ""
    for mark in map(chr, range(0x80, 0xA0)):
        at = text.find(mark)
        if at >= 0:
            return (
                f"{name}, line {line + text.count(chr(10), 0, at)}: a control character U+{ord(mark):04X}, which no "
                f'text in {codec} has; the file is probably in another encoding (Windows writes "cp1252")'
            )
    return ""
