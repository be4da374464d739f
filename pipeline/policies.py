"""What the office settles where neither the briefs nor the trade do: `policy.toml`, as numbers that the SQL can read.

What belongs here: each policy's name, default, bounds and meaning; SQL reads one as `ref.policy('name')`, Python as a
field of `Policies`. Royalty rules are `pipeline.analyses.royalties`' own; targets are `pipeline.targets`'.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pipeline.settings import checked, read_toml


class Policies(BaseModel):
    """`policy.toml`: flat, every key with its unit in its name, and a default. The descriptions are printed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cart_converted_within_hours: float = Field(
        24,
        gt=0,
        le=720,
        description="A cart is converted when its order is placed within this many hours of its last use.",
    )
    customers_lapse_after_days: float = Field(
        180,
        ge=92,
        le=3650,
        description="A customer without an order for more than this many days has lapsed; at least a quarter's length.",
    )
    health_weight_recency: float = Field(
        25, ge=0, le=100, description="Weight of the recency score in the health score."
    )
    health_weight_frequency: float = Field(
        20, ge=0, le=100, description="Weight of the frequency score in the health score."
    )
    health_weight_monetary: float = Field(
        15, ge=0, le=100, description="Weight of the net spend score in the health score."
    )
    health_weight_satisfaction: float = Field(
        25, ge=0, le=100, description="Weight of the latest own rating or satisfaction answer in the health score."
    )
    health_weight_service: float = Field(
        15, ge=0, le=100, description="Weight of unanswered inquiries and returns in the health score."
    )
    health_least_weight_share: float = Field(
        0.6, ge=0, le=1, description="A customer is scored when at least this share of the weight is known."
    )
    health_incident_points: float = Field(
        50, ge=0, le=100, description="Points that an open unanswered inquiry or a return takes from the service part."
    )
    health_return_days: float = Field(
        90, ge=1, le=365, description="A return weighs on the service part for this many days."
    )
    health_healthy_from: float = Field(70, ge=0, le=100, description="Customers are healthy from this score on.")
    health_at_risk_below: float = Field(40, ge=0, le=100, description="Customers are at risk below this score.")
    expertise_response_weight: int = Field(
        1, ge=0, le=100, description="Weight of inquiries answered in a seller's after-sales quality."
    )
    expertise_timeliness_weight: int = Field(
        1, ge=0, le=100, description="Weight of inquiries answered within 48 hours in a seller's after-sales quality."
    )
    expertise_votes_weight: int = Field(
        1,
        ge=0,
        le=100,
        description="Weight of the buyers' votes on speed and quality in a seller's after-sales quality.",
    )
    expertise_smallest_number: int = Field(
        5,
        ge=1,
        le=100,
        description="Fewest inquiries or voted messages from which a seller's after-sales quality is reckoned; fewer "
        "votes than this do not enter it.",
    )
    support_conversation_days: int = Field(
        14,
        ge=1,
        le=60,
        description="A conversation's buyer turns are counted for this many days from the first.",
    )
    support_closed_after_hours: float = Field(
        24,
        gt=0,
        lt=168,
        description="An answered conversation is closed when the buyer asks nothing for this many hours.",
    )
    themes_prior_share: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Weight of the last 12 months' usage of words when two groups of reviews are compared for themes, "
        "as a share of the words compared.",
    )
    active_seller_joined_days: int = Field(
        14,
        ge=0,
        le=90,
        description="A seller counts as active only in periods that end at least this many days after it joined.",
    )
    rating_trend_months: int = Field(
        24,
        ge=8,
        le=120,
        description="A rating's trend is that of so many complete months at most, up to the period's end.",
    )
    clv_least_repeat_buyers: int = Field(
        200,
        ge=50,
        le=100_000,
        description="Lifetime value is predicted when at least this many customers have come back.",
    )
    clv_most_holdout_error_share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Lifetime value is predicted when the model, without the last 13 weeks, foretells their order days "
        "with an error below this share.",
    )
    clv_monthly_discount_share: float = Field(
        0.01,
        ge=0,
        le=0.1,
        description="What a month's wait takes from the value of a sale in predicted lifetime value.",
    )


def load_policies(config: Path) -> Policies:
    """Read `policy.toml` of the configuration folder. Raises BadConfiguration."""
    return checked(Policies, read_toml(config / "policy.toml"), "policy.toml")


def write_policies(con: duckdb.DuckDBPyConnection, policies: Policies) -> None:
    """Replace `ref.policies` by these, in the order that the class names them."""
    con.execute("delete from ref.policies")
    for name, field in Policies.model_fields.items():
        con.execute("insert into ref.policies values (?, ?, ?)", [name, getattr(policies, name), field.description])
