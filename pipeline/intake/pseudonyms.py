"""Buyer ids as keyed hashes: HMAC-SHA-256, computed where the rows are, with a key that lies outside the warehouse.

What belongs here: the key, the SQL, and the same in Python for a short list. Which columns are personal is said by the
contract.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import duckdb

from pipeline.errors import BadConfiguration, CannotWrite

KEY_BYTES = 32
BLOCK_BYTES = 64
#: Hex digits of a pseudonym: 128 bits, so that two buyers never share one.
DIGITS = 32


def load_key(secrets_folder: Path) -> bytes:
    """The office's key, made on first use (mode 0600). With another key every buyer would look new.

    Raises BadConfiguration when the key file does not hold 64 hex digits, CannotWrite when it cannot be made.
    """
    path = secrets_folder / "pseudonym.key"
    try:
        secrets_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}") from None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadConfiguration(f"{path}: must hold {2 * KEY_BYTES} hex digits; restore it from the backup")
    return key


def set_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Put the two pads of HMAC (RFC 2104) into session variables; `forget_key` takes them out."""
    block = key.ljust(BLOCK_BYTES, b"\0")
    for name, pad in (("pseudonym_inner", 0x36), ("pseudonym_outer", 0x5C)):
        con.execute(f"set variable {name} = unhex('{bytes(byte ^ pad for byte in block).hex()}')")


def forget_key(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("reset variable pseudonym_inner")
    con.execute("reset variable pseudonym_outer")


def pseudonym_sql(text: str) -> str:
    """The pseudonym of a text: HMAC-SHA-256 in lower-case hex, cut to 32 digits."""
    inner = f"unhex(sha256(getvariable('pseudonym_inner') || encode({text})))"
    return f"left(sha256(getvariable('pseudonym_outer') || {inner}), {DIGITS})"


def pseudonym(key: bytes, text: str) -> str:
    """The same as `pseudonym_sql`, of one text."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]
