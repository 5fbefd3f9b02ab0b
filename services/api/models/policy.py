"""Policies: a persona's hard limits."""

from typing import Final

from pydantic import AliasChoices, Field

from domain.limits import Limits
from services.api.models.wire import Limit, Sent, Text

_LIFETIME: Final = frozenset(
    {"token_budget_lifetime", "compute_ms_lifetime", "max_lifetime_spawns"}
)
"""Ceilings the contract does not have: old clients never send them."""


class Policy(Sent):
    """What a persona may do: hard limits. Sent in part it is refused, not sent it is inherited."""

    max_spawn_depth: Limit
    """Deepest generation a child of this persona may be of."""
    max_branching_factor: Limit
    """Live children at a time."""
    token_budget_per_minute: Limit = Field(
        validation_alias=AliasChoices("token_budget_per_minute", "token_credits_per_minute")
    )
    """Tokens in one minute, its descendants' included; `token_credits_per_minute` is the same."""
    compute_ms_per_minute: Limit = Field(
        validation_alias=AliasChoices("compute_ms_per_minute", "cpu_credits_per_minute")
    )
    """Cpu milliseconds in one minute, likewise; `cpu_credits_per_minute` is the same."""
    idle_ttl_secs: Limit
    """Seconds without progress after which it is reaped; downtime excluded."""
    share_memory: bool
    """Whether the personas of its swarm may read its memory."""
    allowed_tools: list[Text] = Field(default_factory=list)
    """Tools it may propose to use; where none is named, `reply` alone."""
    token_budget_lifetime: Limit | None = None
    """Tokens in all its life; null for no such ceiling. Not sent: the parent's."""
    compute_ms_lifetime: Limit | None = None
    """Cpu milliseconds in all its life, likewise."""
    max_lifetime_spawns: Limit | None = None
    """Children in all its life, likewise."""
    share_with: list[Text] = Field(default_factory=list)
    """Who else may read its memory: `lineage`, `swarm` or `persona:ID`."""

    def limits(self, parent: Limits | None) -> Limits:
        """Return the limits; lifetime ceilings that were not sent are the parent's."""
        inherited = (
            parent.model_dump(include=set(_LIFETIME - self.model_fields_set)) if parent else {}
        )
        return Limits.model_validate(self.model_dump() | inherited)

    @classmethod
    def of(cls, limits: Limits) -> "Policy":
        """Tell of limits."""
        return cls.model_validate(limits.model_dump(mode="json"))
