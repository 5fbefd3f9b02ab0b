"""A persona: who it is, what it may do, its children, whether it may think."""

from collections.abc import Sequence
from datetime import datetime

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.aggregates.fabric import place_leased, place_settled
from domain.budget import Ceiling, Credits
from domain.context import Context
from domain.errors import (
    BranchingLimitExceeded,
    IdTaken,
    PersonaIsPaused,
    PersonaNotFound,
    PersonaReapedError,
    SnapshotIncomplete,
    SpawnDepthExceeded,
    SpawnQuotaExceeded,
    WiderThanParent,
    WrongState,
)
from domain.events import (
    BudgetLeased,
    BudgetSettled,
    Event,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    SnapshotCompressed,
)
from domain.events.lifecycle import Identity
from domain.limits import Limits, check_range, wider_fields
from domain.references import carried_in
from domain.sharing import check_sharing
from domain.vocabulary import PAUSE_REASONS, REAP_REASONS, RESUME_REASONS, one_of


class Persona(Aggregate):
    """Guards one persona's life and its children's places."""

    swarm_id: str
    identity: Identity
    limits: Limits
    created_at: datetime | None
    children: set[str]
    lifetime_spawns: int
    reaped: bool
    paused: PersonaPaused | None

    def __init__(self, persona_id: str) -> None:
        super().__init__(streams.persona(persona_id))
        self.persona_id = persona_id
        self.swarm_id = ""
        self.identity = Identity(name="", role="", charter="", depth=0)
        self.limits = Limits()
        self.created_at = None
        self.children = set()
        self.lifetime_spawns = 0
        self.reaped = False
        self.paused = None

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        match event:
            case PersonaSpawned():
                self.swarm_id = event.swarm_id
                self.identity, self.limits = event.identity, event.limits
                self.created_at = event.occurred_at
            case BudgetLeased(resource="spawns"):
                self.children.add(event.lease_id)
                self.lifetime_spawns += 1
            case BudgetSettled(resource="spawns"):
                self.children.discard(event.lease_id)
            case PersonaPaused():
                self.paused = event
            case PersonaResumed():
                self.paused = None
            case PersonaReaped():
                self.reaped = True

    @property
    def exists(self) -> bool:
        """Whether it was ever spawned."""
        return self.version > 0

    @property
    def ceiling(self) -> Ceiling:
        """The persona as an account."""
        return Ceiling(
            self.id,
            Credits(self.limits.token_budget_per_minute, self.limits.compute_ms_per_minute),
            self.limits.token_budget_lifetime,
            self.limits.compute_ms_lifetime,
        )

    def must_live(self) -> None:
        """Refuse a persona that is not, or is no more.

        Raises:
            PersonaNotFound: none has this id.
            PersonaReapedError: it has ended.
        """
        if not self.exists:
            raise PersonaNotFound(self.persona_id)
        if self.reaped:
            raise PersonaReapedError(self.persona_id)

    def must_be_free_to_think(self) -> None:
        """Refuse a persona that is paused by somebody or for overspending.

        A pause for an empty budget ends with its window and holds up only new leases.

        Raises:
            PersonaIsPaused: it may not think for now.
        """
        self.must_live()
        if self.paused and self.paused.reason != "budget":
            raise PersonaIsPaused(self.persona_id, self.paused.reason)

    def give_place(self, context: Context, child_id: str, child_limits: Limits) -> None:
        """Set aside the place of one more child, if every limit allows.

        Raises:
            PersonaNotFound, PersonaReapedError: there is no such parent.
            BranchingLimitExceeded: too many live children.
            SpawnDepthExceeded: too late a generation.
            SpawnQuotaExceeded: too many children in all its life.
            WiderThanParent: the child's limits reach beyond this one's.
        """
        self.must_live()
        if len(self.children) >= self.limits.max_branching_factor:
            raise BranchingLimitExceeded(
                self.persona_id, len(self.children), self.limits.max_branching_factor
            )
        if self.identity.depth + 1 > self.limits.max_spawn_depth:
            raise SpawnDepthExceeded(
                self.persona_id, self.identity.depth + 1, self.limits.max_spawn_depth
            )
        quota = self.limits.max_lifetime_spawns
        if quota is not None and self.lifetime_spawns >= quota:
            raise SpawnQuotaExceeded(
                self.persona_id, "lifetime spawns", self.lifetime_spawns + 1, quota
            )
        wider = {
            name: [mine, theirs] for name, mine, theirs in wider_fields(child_limits, self.limits)
        }
        if wider:
            raise WiderThanParent(self.persona_id, wider)
        self.trigger(place_leased(context, self.swarm_id, child_id, self.id, self.persona_id))

    def take_place_back(self, context: Context, child_id: str) -> None:
        """Free the place of a reaped child."""
        self.trigger(place_settled(context, self.swarm_id, child_id, self.persona_id))

    def spawn(self, context: Context, swarm_id: str, identity: Identity, limits: Limits) -> None:
        """Begin. An id is never used twice.

        Raises:
            IdTaken: it is, or once was, another's.
        """
        if self.exists:
            raise IdTaken("persona", self.persona_id)
        check_range(limits)
        check_sharing(limits)
        self.trigger(
            PersonaSpawned(
                **context.envelope(swarm_id, self.persona_id),
                identity=identity,
                limits=limits,
                spawned_by=context.actor,
            )
        )

    def pause(
        self, context: Context, reason: str, used: Credits, until: datetime | None = None
    ) -> None:
        """Stop thinking for now.

        A second pause for the same reason is none, and one for an empty budget, which ends by
        itself, never takes the place of one that somebody must end.
        """
        self.must_live()
        one_of(reason, PAUSE_REASONS, "reason")
        if self.paused and reason in (self.paused.reason, "budget"):
            return
        self.trigger(
            PersonaPaused(
                **context.envelope(self.swarm_id, self.persona_id),
                reason=reason,
                until=until,
                tokens_used=used.tokens,
                cpu_ms_used=used.cpu_ms,
            )
        )

    def resume(self, context: Context, reason: str) -> None:
        """Think again. A new window ends only a pause for an empty budget.

        Raises:
            WrongState: it is not paused.
        """
        self.must_live()
        one_of(reason, RESUME_REASONS, "reason")
        if self.paused is None:
            raise WrongState(f"persona {self.persona_id} is not paused", persona_id=self.persona_id)
        if reason == "window" and self.paused.reason != "budget":
            return
        self.trigger(
            PersonaResumed(**context.envelope(self.swarm_id, self.persona_id), reason=reason)
        )

    def reap(
        self, context: Context, reason: str, last: SnapshotCompressed, to_cite: Sequence[str], *,
        cascade_root: str | None = None, note: str | None = None,
    ) -> None:  # fmt: skip
        """End, with the snapshot that goes into the same save.

        Args:
            context: who reaps, and when.
            reason: idle, manual, cascade or quota.
            last: what stays of its mind.
            to_cite: ids of its decisions and open questions, none of which may be lost.
            cascade_root: whose reaping took it along.
            note: what the person who reaped it said.

        Raises:
            SnapshotIncomplete: the snapshot leaves some of them out.
        """
        self.must_live()
        one_of(reason, REAP_REASONS, "reason")
        told = carried_in((*last.decisions, *last.open_questions))
        missing = [ref for ref in to_cite if ref not in told]
        if missing:
            raise SnapshotIncomplete(self.persona_id, missing)
        self.trigger(
            PersonaReaped(
                **context.envelope(self.swarm_id, self.persona_id),
                reason=reason,
                final_snapshot_id=last.snapshot_id,
                cascade_root=cascade_root,
                note=note,
            )
        )
