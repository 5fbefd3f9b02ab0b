"""Personas: what is sent to make and end them, and what is told of them."""

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import Field

from domain.aggregates import Persona as Aggregate
from projections.rows import LineageRow, PersonaRow
from services.api.models.policy import Policy
from services.api.models.wire import Sent, Text, Timestamp, Told

_SECONDS: Final = 60
_BUDGET_PAUSES: Final = ("budget", "overspent")


class Spawn(Sent):
    """A child to spawn; swarm and policy default to the parent's."""

    persona_id: Text | None = Field(None, examples=["sshd-watcher"])
    """Its id for ever; made if not given."""
    name: Text = Field(examples=["Watcher"])
    """Name for people."""
    role: Text = Field(examples=["analyst"])
    """What it is for, a word or two."""
    charter: Text = Field(examples=["Watch what sshd reports and propose what to do about it."])
    """What it is to do."""
    swarm_id: Text | None = None
    """Swarm it belongs to."""
    policy: Policy | None = None
    """Its limits, never wider than its parent's."""


class Create(Spawn):
    """A persona to create: a root, or a child of `parent_id`."""

    parent_id: Text | None = None
    """Its parent, null for a root."""
    tags: list[Text] = Field(default_factory=list)
    """Free words to find it by."""


class Reap(Sent):
    """How to end a persona."""

    cascade: bool = False
    """Whether all its descendants end too, leaves first."""
    reason: Text | None = Field(None, max_length=2_000)
    """Why."""


class Reaped(Told):
    """Who ended; nobody, if they had before."""

    reaped_ids: list[str]
    count: int


class Identity(Told):
    """Who a persona is."""

    id: str
    name: str
    role: str
    charter: str
    swarm_id: str | None
    parent_id: str | None
    depth: int
    created_at: Timestamp
    tags: list[str]


class Persona(Told):
    """A persona as it stands."""

    identity: Identity
    policy: Policy
    status: str
    """active, idle (paused until somebody resumes it), reaped or error."""
    thought_count: int
    last_tick_at: Timestamp | None
    updated_at: Timestamp
    tokens_this_window: int
    compute_ms_this_window: int
    window_started_at: Timestamp
    last_progress_at: Timestamp
    budget_paused: bool


class PersonaDetail(Persona):
    """A persona with what the reference's clients do not ask for."""

    children: list[str]
    """Its children, reaped ones included."""
    paused_reason: str | None
    """budget, overspent or manual; null if it is not paused."""
    paused_until: Timestamp | None
    reaped_reason: str | None
    """idle, manual, cascade or quota; null while it lives."""
    final_snapshot_id: str | None
    """Its last state of mind, null while it lives."""


def of_row(row: PersonaRow, now: datetime) -> Persona:
    """Tell of a persona from the read model."""
    return Persona(**_told(row, now))


def in_detail(row: PersonaRow, now: datetime) -> PersonaDetail:
    """Tell all of a persona from the read model."""
    return PersonaDetail(
        **_told(row, now),
        children=list(row.children),
        paused_reason=row.paused_reason,
        paused_until=row.paused_until,
        reaped_reason=row.reaped_reason,
        final_snapshot_id=row.final_snapshot_id,
    )


def newborn(persona: Aggregate) -> Persona:
    """Tell of a persona that was spawned just now."""
    created_at = persona.created_at or datetime.now(UTC)
    who = persona.identity
    return Persona(
        identity=Identity(
            id=persona.persona_id,
            swarm_id=persona.swarm_id,
            created_at=created_at,
            **who.model_dump(exclude={"tags"}),
            tags=list(who.tags),
        ),
        policy=Policy.of(persona.limits),
        status="active",
        thought_count=0,
        last_tick_at=None,
        updated_at=created_at,
        tokens_this_window=0,
        compute_ms_this_window=0,
        window_started_at=_window_start(created_at),
        last_progress_at=created_at,
        budget_paused=False,
    )


def _told(row: PersonaRow, now: datetime) -> dict[str, Any]:
    started = _window_start(now)
    current = row.window == int(started.timestamp()) // _SECONDS
    return {
        "identity": Identity(
            id=row.persona_id,
            name=row.name,
            role=row.role,
            charter=row.charter,
            swarm_id=row.swarm_id,
            parent_id=row.parent_id,
            depth=row.depth,
            created_at=row.created_at,
            tags=list(row.tags),
        ),
        "policy": Policy.of(row.limits),
        "status": status_of(row),
        "thought_count": row.thought_count,
        "last_tick_at": row.last_thought_at,
        "updated_at": row.updated_at,
        "tokens_this_window": row.tokens_window if current else 0,
        "compute_ms_this_window": row.cpu_ms_window if current else 0,
        "window_started_at": started,
        "last_progress_at": row.last_thought_at or row.created_at,
        "budget_paused": row.paused_reason in _BUDGET_PAUSES,
    }


def status_of(row: PersonaRow | LineageRow) -> str:
    """Return a persona's status in the contract's words.

    An empty budget refills by itself, so its persona counts as active; any other pause is idle.
    """
    if row.status == "paused":
        return "active" if row.paused_reason == "budget" else "idle"
    return row.status


def _window_start(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
