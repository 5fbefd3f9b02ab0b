"""Hard limits, as data. A limit is a ceiling, never an allotment."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from domain.errors import InvalidInput


class Limits(BaseModel):
    """What one persona may do, on the wire a `policy`; never wider than its parent's."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_spawn_depth: int = 4
    """Deepest generation a child of this persona may be of."""
    max_branching_factor: int = 4
    """Live children at a time."""
    token_budget_per_minute: int = 20_000
    """Tokens in one minute, its descendants' included."""
    compute_ms_per_minute: int = 10_000
    """Cpu milliseconds in one minute, its descendants' included."""
    idle_ttl_secs: int = 3_600
    """Seconds without progress after which it is reaped; time the fabric was down excluded."""
    share_memory: bool = False
    """Whether the personas of its swarm may read its memory."""
    allowed_tools: tuple[str, ...] = ()
    """Tools it may propose to use; where none is named, `reply` alone."""
    token_budget_lifetime: int | None = None
    """Tokens in all its life, its descendants' included; null for no such ceiling."""
    compute_ms_lifetime: int | None = None
    """Cpu milliseconds in all its life, likewise; null for no such ceiling."""
    max_lifetime_spawns: int | None = None
    """Children it may spawn in all its life; null for no such ceiling."""
    share_with: tuple[str, ...] = ()
    """Who else may read its memory: `lineage`, `swarm` or `persona:ID`; nobody by default."""


class SwarmLimits(BaseModel):
    """Ceilings of one swarm, or of the whole fabric."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    token_budget_per_minute: int = 200_000
    """Tokens in one minute, all its personas together."""
    compute_ms_per_minute: int = 120_000
    """Cpu milliseconds in one minute, all its personas together."""
    token_budget_lifetime: int | None = None
    """Tokens for ever; null for no such ceiling."""
    compute_ms_lifetime: int | None = None
    """Cpu milliseconds for ever; null for no such ceiling."""
    max_live_personas: int = 1_000
    """Personas alive at a time."""
    max_lifetime_spawns: int = 100_000
    """Personas for ever, reaped ones included."""


SWARM = "swarm"
"""Shared with every persona of its swarm, and shown to whoever may look at the swarm."""
LARGEST = 2**53
"""Largest limit or amount: beyond it JSON loses integers, and sums of them leave 64 bits."""


def check_range(limits: BaseModel) -> None:
    """Refuse limits that can't be counted with.

    Raises:
        InvalidInput: one of them is below zero or beyond `LARGEST`.
    """
    for name, value in limits:
        if isinstance(value, int) and not 0 <= value <= LARGEST:
            raise InvalidInput(
                f"{name} must be between 0 and {LARGEST}, not {value}",
                field=name, limit=LARGEST, actual=value,
            )  # fmt: skip


def shared_with(limits: Limits) -> frozenset[str]:
    """Return with whom memory is shared, in the words of `share_with`."""
    return frozenset((*limits.share_with, *((SWARM,) if limits.share_memory else ())))


def wider_fields(child: Limits, parent: Limits) -> Iterator[tuple[str, object, object]]:
    """Yield (field, child's, parent's) wherever the child's limits reach beyond the parent's."""
    for name in Limits.model_fields:
        mine, theirs = getattr(child, name), getattr(parent, name)
        if name == "share_with":
            if not set(mine) <= shared_with(parent):
                yield name, mine, theirs
        elif name == "share_memory":
            if mine and SWARM not in shared_with(parent):
                yield name, mine, theirs
        elif name == "allowed_tools":
            if not set(mine) <= set(theirs):
                yield name, mine, theirs
        elif theirs is not None and (mine is None or mine > theirs):
            yield name, mine, theirs
