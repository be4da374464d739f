"""The rules of the royalty pool: `royalty.toml`.

What belongs here: what the office may settle, its bounds, and reading it. What the rules do to a seller is in
`pipeline.analyses.royalty_weights`; that a closed period keeps the rules it was closed with is the work of
`pipeline.analyses.royalties`.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.settings import checked, read_toml


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Rules):
    """Where a period's pool comes from: a fixed sum, or a share of the marketplace's net sales."""

    kind: Literal["fixed", "share_of_net_sales"]
    amount_cents: int = Field(0, ge=0)
    net_sales_share: Decimal = Field(Decimal(0), ge=0, le=1)

    def cents(self, net_sales_cents: int) -> int:
        """The pool in whole cents, rounded down; never negative."""
        if self.kind == "fixed":
            return self.amount_cents
        return max(0, int(Fraction(self.net_sales_share) * net_sales_cents))


class RoyaltyRules(_Rules):
    """`royalty.toml`. The least number of ratings is 1 or more, so that whoever takes part has a mean."""

    pool: Pool
    pays: Literal["month", "quarter"] = "month"
    minimum_ratings: int = Field(5, ge=1)
    prior_ratings: int = Field(20, ge=0)
    prior_responses: int = Field(10, ge=1)
    minimum_payout_cents: int = Field(0, ge=0)
    cap_share: Decimal = Field(Decimal(1), gt=0, le=1, decimal_places=12)


def load_rules(config: Path) -> RoyaltyRules:
    """Read `royalty.toml` of the configuration folder, its numbers exactly. Raises BadConfiguration."""
    return checked(RoyaltyRules, read_toml(config / "royalty.toml", parse_float=Decimal), "royalty.toml")
