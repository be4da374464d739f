"""What a contract of an export is made of: columns and their kinds, rules, derived columns, and its table.

What belongs here: the shape of a contract. The contracts themselves are `pipeline.contracts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "integer", "cents", "boolean", "instant", "enum"]

#: The type that each kind has in the warehouse. Instants are UTC; money is whole minor units, never a float.
SQL_TYPE: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "integer": "INTEGER",
    "cents": "BIGINT",
    "boolean": "BOOLEAN",
    "instant": "TIMESTAMP",
    "enum": "VARCHAR",
}

MAX_ID_LENGTH = 200
MAX_TEXT_LENGTH = 100_000


@dataclass(frozen=True)
class Column:
    """One column of an export.

    `required`: the header must have it. `nullable`: a row may leave it empty (always so for columns that are not
    required). `personal`: a buyer's id, which is stored only as a keyed hash; when `personal_if` is set, only in rows
    where that SQL predicate over the row's other columns holds. `stored` false: read, used by the export's derived
    columns, and dropped.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
    personal: bool = False
    personal_if: str = ""
    stored: bool = True

    @property
    def sql_type(self) -> str:
        return SQL_TYPE[self.kind]


@dataclass(frozen=True)
class Rule:
    """A condition over several typed columns of one row. `sql` is true for a good row; null counts as good.

    A row that breaks a `reject` rule is kept apart; one that breaks an `anomaly` rule is taken in and counted.
    `column` is the column that the message points at.
    """

    name: str
    column: str
    sql: str
    explanation: str
    severity: Literal["reject", "anomaly"] = "reject"


@dataclass(frozen=True)
class Derived:
    """A column computed at intake from columns that are not stored (message bodies), so that the text can be
    dropped."""

    name: str
    sql_type: str
    sql: str


@dataclass(frozen=True)
class Agreement:
    """Rows of one file that have the same `by` tell of one thing, so they must say the same in `columns`."""

    by: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class LooksBack:
    """A row changes what is said of an earlier day: of the rows of `table` that have the same `column`, by their
    `moment`."""

    column: str
    table: str
    moment: str


@dataclass(frozen=True)
class Export:
    """An export's contract. `events` are the instants that tell how far the export reaches: facts that had happened
    when it was written, not promises. The first of them is the row's own day."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    events: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    derived: tuple[Derived, ...] = ()
    agreement: Agreement | None = None
    looks_back: tuple[LooksBack, ...] = ()
    optional: bool = True

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the export has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def day_column(self) -> str:
        """The instant whose local day is the row's own: the first event or, in a register, the first instant."""
        return self.events[0] if self.events else next(c.name for c in self.columns if c.kind == "instant")

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)

    @property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """(name, SQL type) of every column of `raw.<export>`, in order, bookkeeping columns excepted."""
        kept = [(c.name, c.sql_type) for c in self.columns if c.stored]
        return tuple(kept + [(d.name, d.sql_type) for d in self.derived])


#: Columns that every `raw.<export>` table has beside its own: the delivery that a row came from, and where in it.
BOOKKEEPING: tuple[tuple[str, str], ...] = (("_file_id", "INTEGER"), ("_line", "BIGINT"))


def raw_table_ddl(export: Export) -> str:
    """CREATE TABLE for `raw.<export>`, empty when no file of it has ever come."""
    columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in (*export.stored, *BOOKKEEPING))
    return f"create table if not exists raw.{export.name} ({columns})"
