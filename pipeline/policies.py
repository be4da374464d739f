"""What the office settles where neither the briefs nor the trade do: `policy.toml`, as numbers that the SQL can read.

What belongs here: each policy's name, default, bounds and meaning; SQL reads one as `ref.policy('name')`, Python as a
field of `Policies`. Royalty rules are `pipeline.analyses.royalties`' own; targets are `pipeline.targets`'.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadConfiguration


class Policies(BaseModel):
    """`policy.toml`: flat, every key with its unit in its name, and a default. The descriptions are printed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cart_converted_within_hours: float = Field(
        24,
        gt=0,
        le=720,
        description="A cart is converted when its order is placed within this many hours of its last use.",
    )


def load_policies(config: Path) -> Policies:
    """Read `policy.toml` of the configuration folder. Raises BadConfiguration naming the key and what is wrong with
    it."""
    path = config / "policy.toml"
    try:
        return Policies(**tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadConfiguration(f"{path}: not found") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(f"policy.toml: {key} = {first['input']!r}: {first['msg']}") from None


def write_policies(con: duckdb.DuckDBPyConnection, policies: Policies) -> None:
    """Replace `ref.policies` by these, in the order that the class names them."""
    con.execute("delete from ref.policies")
    for name, field in Policies.model_fields.items():
        con.execute("insert into ref.policies values (?, ?, ?)", [name, getattr(policies, name), field.description])
