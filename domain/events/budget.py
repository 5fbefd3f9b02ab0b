"""Leases: whatever is limited is leased before it is used and settled after."""

from typing import ClassVar

from domain.events.envelope import Body, Event


class Grant(Body):
    """What one holder may use."""

    holder: str
    """Who may use it: the stream of a persona or a swarm, or the id of a proposal."""
    accounts: tuple[str, ...]
    """Whose ceilings it counts against, as streams: the holder and all above it."""
    tokens: int = 0
    """Tokens granted."""
    cpu_ms: int = 0
    """Cpu milliseconds granted."""
    spawns: int = 0
    """Places for a live child granted."""
    action_hash: str | None = None
    """Action that holds the target, SHA-256 in hex; null for credits and places."""


class BudgetLeased(Event):
    """Part of a limit was set aside, durably, before anybody used it."""

    topic: ClassVar[str] = "budget.leased"

    lease_id: str
    """Id of the lease."""
    resource: str
    """What is limited: credits, spawns or target."""
    window: int | None = None
    """Minute it is for (Unix time / 60); it dies with it. Null: it lasts until settled."""
    epoch: int = 0
    """Loop that took it; 0 for a call made elsewhere."""
    call_id: str | None = None
    """Caller's own id for a call made elsewhere, null for ours."""
    grants: tuple[Grant, ...]
    """Who got what; one lease may serve many."""


class Spent(Body):
    """What one holder used of its lease."""

    holder: str
    """Who used it."""
    tokens: int = 0
    """Tokens used; the rest goes back."""
    cpu_ms: int = 0
    """Cpu milliseconds used; the rest goes back."""


class BudgetSettled(Event):
    """A lease ended: what was used is known, the rest went back."""

    topic: ClassVar[str] = "budget.settled"

    lease_id: str
    """Lease that ended."""
    resource: str
    """What was limited: credits, spawns or target."""
    window: int | None = None
    """Minute the lease was for, null if it had none."""
    spent: tuple[Spent, ...]
    """Who used what. More than was leased is charged in full."""
    outcome: str = "settled"
    """How it ended: settled, released (nothing was used) or forfeit (nobody can tell)."""
