"""A swarm: its budget, the leases of its personas, their places."""

from collections.abc import Sequence

from domain import streams
from domain.aggregates.fabric import ceiling_of, check_places, place_leased, place_settled
from domain.aggregates.lessor import Lessor
from domain.budget import Ceiling, Credits, LeaseRequest
from domain.context import Context
from domain.errors import IdTaken, PersonaReapedError, SwarmNotFound
from domain.events import BudgetLeased, BudgetSettled, Event, SwarmCreated
from domain.limits import SwarmLimits, check_range


class Swarm(Lessor):
    """Guards what the personas of one swarm share."""

    limits: SwarmLimits
    founder_id: str | None
    founder_swarm_id: str | None
    live: set[str]
    lifetime_spawns: int

    def __init__(self, swarm_id: str) -> None:
        super().__init__(streams.swarm(swarm_id), swarm_id)
        self.limits = SwarmLimits()
        self.founder_id = None
        self.founder_swarm_id = None
        self.live = set()
        self.lifetime_spawns = 0

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        match event:
            case SwarmCreated():
                self.limits = event.limits
                self.founder_id = event.founder_id
                self.founder_swarm_id = event.founder_swarm_id
            case BudgetLeased(resource="spawns"):
                self.live.add(event.lease_id)
                self.lifetime_spawns += 1
            case BudgetSettled(resource="spawns"):
                self.live.discard(event.lease_id)
            case BudgetLeased():
                self.pool.apply_leased(event)
            case BudgetSettled():
                self.pool.apply_settled(event)

    @property
    def exists(self) -> bool:
        """Whether it was ever created."""
        return self.version > 0

    def must_exist(self) -> None:
        """Refuse a swarm nobody created.

        Raises:
            SwarmNotFound: there is none of this id.
        """
        if not self.exists:
            raise SwarmNotFound(self.swarm_id)

    @property
    def ceiling(self) -> Ceiling:
        """The swarm as an account."""
        return ceiling_of(self.id, self.limits)

    def create(
        self,
        context: Context,
        limits: SwarmLimits,
        founder_id: str | None = None,
        founder_swarm_id: str | None = None,
    ) -> None:
        """Found the swarm.

        Raises:
            IdTaken: it was founded before.
        """
        if self.exists:
            raise IdTaken("swarm", self.swarm_id)
        check_range(limits)
        self.trigger(
            SwarmCreated(
                **context.envelope(self.swarm_id),
                limits=limits,
                founder_id=founder_id,
                founder_swarm_id=founder_swarm_id,
            )
        )

    def give_place(self, context: Context, child_id: str) -> None:
        """Set aside the place of one more persona.

        Raises:
            SpawnQuotaExceeded: the swarm has had, or has, as many as it may.
        """
        check_places(self.swarm_id, len(self.live), self.lifetime_spawns, self.limits)
        self.trigger(place_leased(context, self.swarm_id, child_id, self.id))

    def take_place_back(self, context: Context, child_id: str) -> None:
        """Free the place of a reaped persona."""
        self.trigger(place_settled(context, self.swarm_id, child_id))

    def missing(self, window: int, allowance: Credits, needed: Credits) -> Credits:
        """Tell how much more the swarm must be granted before it can lease the need on."""
        left = allowance - self.pool.used_in(self.id, window)
        return (needed - left).at_least(Credits())

    def lease(
        self,
        context: Context,
        request: LeaseRequest,
        persona_id: str,
        ceilings: Sequence[Ceiling],
        allowance: Credits,
    ) -> Credits:
        """Lease credits of this window to a persona, or to a swarm that one of ours founded.

        Args:
            context: who asks, and when.
            request: how much.
            persona_id: who asks, or founded the swarm that asks.
            ceilings: of the holder, then of the persona and its ancestors; all are charged.
            allowance: what was granted to this swarm for the window.

        Returns:
            What was leased.

        Raises:
            PersonaReapedError: the persona would hold it, and lives no more.
            BudgetExhausted: the need does not fit.
        """
        self.must_exist()
        accounts = [*(c.account for c in ceilings), self.id]
        if accounts[0] == streams.persona(persona_id) and persona_id not in self.live:
            raise PersonaReapedError(persona_id)
        every = (*ceilings, self.ceiling, Ceiling(self.id, allowance))
        return self._lease(context, request, every, accounts, persona_id)

    def used_in_window(self, account: str, window: int) -> Credits:
        """Tell what an account has leased or used in a window; zero unless it is the last."""
        return self.pool.used_in(account, window)
