"""Test and staff accounts that no figure counts: `config/excluded_accounts.csv` as `ref.excluded_accounts`.

What belongs here: reading that file, refusing its mistakes, and writing it under the names by which the warehouse knows
these accounts (METRICS.md 0.11). Leaving their rows out is `sql/core`'s, by the macro `ref.is_excluded`; counting them
is `sql/metrics/exclusions.sql`'s. The files' own accounts do not change: such a row is accepted.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import BadConfiguration
from pipeline.intake.pseudonyms import load_key, pseudonym
from pipeline.schema import MAX_ID_LENGTH

COLUMNS = ("account_id", "kind", "reason")
KINDS = ("buyer", "seller")
LONGEST_REASON = 60


@dataclass(frozen=True)
class ExcludedAccount:
    """An account as the platform knows it, and why it counts for nothing: `test account`, `staff`."""

    account_id: str
    kind: str
    reason: str


def load_excluded_accounts(path: Path) -> tuple[ExcludedAccount, ...]:
    """The listed accounts. No file, nobody is excluded.

    Raises BadConfiguration that names file, line, column, value and rule.
    """
    if not path.exists():
        return ()
    accounts: dict[tuple[str, str], ExcludedAccount] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadConfiguration(f"{path.name}, line 1: the header must read {','.join(COLUMNS)}")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            account = _account(row, where)
            if (account.account_id, account.kind) in accounts:
                raise BadConfiguration(
                    f"{where}: account_id {account.account_id!r} is listed twice as a {account.kind}; keep one line"
                )
            accounts[account.account_id, account.kind] = account
    return tuple(accounts.values())


def _account(row: dict[str | None, str | list[str] | None], where: str) -> ExcludedAccount:
    if None in row or None in row.values():
        raise BadConfiguration(f"{where}: a line has {len(COLUMNS)} values, {', '.join(COLUMNS)}; quote a comma")
    account_id, kind, reason = (str(row[column]) for column in COLUMNS)
    if not account_id or account_id != account_id.strip() or len(account_id) > MAX_ID_LENGTH:
        raise BadConfiguration(
            f"{where}: account_id {account_id!r} has not 1 to {MAX_ID_LENGTH} characters without a space around them; "
            "write it as the exports do"
        )
    if kind not in KINDS:
        raise BadConfiguration(f"{where}: kind {kind!r} is not one of {', '.join(KINDS)}")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadConfiguration(
            f"{where}: reason {reason!r} has not 1 to {LONGEST_REASON} characters; write staff or test account"
        )
    return ExcludedAccount(account_id, kind, reason.strip())


def write_excluded_accounts(
    con: duckdb.DuckDBPyConnection, accounts: tuple[ExcludedAccount, ...], secrets_folder: Path
) -> None:
    """Replace the rows of `ref.excluded_accounts`.

    account_id: a buyer's pseudonym, for its own id stays out of the warehouse; a seller's own id. pseudonym: of both,
    since a message from the system names its recipient by one, whoever it is.

    Raises what `load_key` does; without accounts no key is asked for.
    """
    con.execute("delete from ref.excluded_accounts")
    if not accounts:
        return
    key = load_key(secrets_folder)
    rows = []
    for account in accounts:
        hashed = pseudonym(key, account.account_id)
        rows.append((hashed if account.kind == "buyer" else account.account_id, account.kind, account.reason, hashed))
    con.executemany("insert into ref.excluded_accounts values (?, ?, ?, ?)", rows)
