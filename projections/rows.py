"""What can be asked: one frozen row for each read model. Times are UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.events.gate import Action, Finding
from domain.limits import Limits


@dataclass(frozen=True, slots=True)
class PersonaRow:
    """One persona as it stands."""

    persona_id: str
    name: str
    role: str
    charter: str
    swarm_id: str
    parent_id: str | None
    depth: int
    tags: tuple[str, ...]
    created_at: datetime
    limits: Limits
    status: str
    """active, paused (and not resumed since) or reaped."""
    paused_reason: str | None
    paused_until: datetime | None
    reaped_reason: str | None
    thought_count: int
    last_thought_at: datetime | None
    updated_at: datetime
    tokens_window: int
    """Tokens its thoughts used in the minute `window`."""
    cpu_ms_window: int
    """Cpu milliseconds its thoughts used in the minute `window`."""
    window: int
    """Minute of its latest thought (Unix time / 60); 0 before the first."""
    final_snapshot_id: str | None
    children: tuple[str, ...]
    """Ids of its children, reaped ones included, in the order of their spawning."""


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One persona among its kin, as it stood at some moment."""

    persona_id: str
    name: str
    role: str
    swarm_id: str
    parent_id: str | None
    depth: int
    limits_json: str
    spawned_at: datetime
    status: str
    """active, paused (and not resumed since) or reaped."""
    reason: str | None
    """Why it is paused or was reaped; null while it is active."""
    since: datetime
    """When it came to stand so."""
    children: tuple[str, ...]
    """Ids of its children among those asked for, in the order of their spawning."""

    @property
    def limits(self) -> Limits:
        """What it may do."""
        return Limits.model_validate_json(self.limits_json)

    @property
    def paused_reason(self) -> str | None:
        """Why it is paused, null if it is not."""
        return self.reason if self.status == "paused" else None


@dataclass(frozen=True, slots=True)
class OrphanRow:
    """A live persona whose parent has ended."""

    persona_id: str
    parent_id: str
    by_cascade: bool
    """Whether the parent ended in a cascade, which was to take its children along."""


@dataclass(frozen=True, slots=True)
class BrokenCascadeRow:
    """A live persona whose cascade has ended some below it: leaves go first, so it is not over."""

    persona_id: str
    ended: int
    """How many it has ended."""
    last_at: datetime
    """When the last of them ended, UTC."""


@dataclass(frozen=True, slots=True)
class StrayRow:
    """A persona whose parent was never spawned."""

    persona_id: str
    parent_id: str
    position: int
    """Where it was spawned itself."""


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal as it stands, and its receipt once it was acted on."""

    proposal_id: str
    persona_id: str | None
    swarm_id: str
    title: str
    rationale: str
    action: Action | None
    author_risk: str
    risk: str
    """As assessed; as its author sees it until then."""
    evidence_refs: tuple[str, ...]
    findings: tuple[Finding, ...]
    status: str
    """As in `domain.aggregates.Proposal`."""
    reject_stage: str | None
    reasons: tuple[str, ...]
    """Why it was rejected."""
    votes: Mapping[str, str]
    """Persona to its last vote."""
    vote_deadline: datetime | None
    votes_requested: bool
    quorum_needed: int
    policy_decision: str | None
    """What the policy said when it was asked last; likewise its hash and reasons."""
    policy_hash: str | None
    policy_reasons: tuple[str, ...]
    approved_by: str | None
    """Who allowed it, as in `actor`."""
    approved_at: datetime | None
    approval_expires_at: datetime | None
    shown_hash: str | None
    """Hash of what its approver was shown."""
    action_id: str | None
    idempotency_key: str | None
    outcome: str | None
    result: str | None
    """What the actuator said, RFC 8785 JSON."""
    duration_ms: int | None
    started_at: datetime | None
    executed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    created_event_id: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One state of mind."""

    snapshot_id: str
    event_id: str
    position: int
    persona_id: str | None
    swarm_id: str
    occurred_at: datetime
    persona_scope: tuple[str, ...]
    summary: str
    facts: tuple[str, ...]
    decisions: tuple[str, ...]
    open_questions: tuple[str, ...]
    thoughts_in: int
    kept: int
    duplicates: int
    decayed: int
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What came in from one source of a swarm."""

    source: str
    lines: int
    """Whole lines: one cut over several batches counts once."""
    last_position: int
    """Of the last that was kept."""
    offset: int
    """Bytes of the source consumed: where a follower goes on."""
    segments: int
    swarm_id: str
    dropped_lines: int
    """Lines that came and were not kept; each time is an `observation.dropped`."""
    dropped_bytes: int
    lost_files: int
    """How often its file was removed before it was read to its end."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over one swarm, or over all."""

    observations: int
    """Whole lines."""
    thoughts: int
    hypotheses: int
    checks_passed: int
    checks_failed: int
    checks_inconclusive: int
    proposals: int
    spawned: int
    reaped: int
    live: int
    tokens_used: int
    """Tokens the thoughts used."""
    cpu_ms_used: int
    """Cpu milliseconds the thoughts used."""
    events: int
    """Events of every class."""
    snapshots: int
