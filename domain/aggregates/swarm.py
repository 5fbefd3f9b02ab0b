"""A swarm: its budget, the leases of its personas, their places."""

from collections.abc import Mapping, Sequence

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.aggregates.fabric import ceiling_of, check_places, place_leased, place_settled
from domain.budget import Ceiling, Credits, LeaseRequest, Pool, spent
from domain.context import Context
from domain.errors import IdTaken, PersonaReapedError, ReservationNotFound, SwarmNotFound
from domain.events import BudgetLeased, BudgetSettled, Event, SwarmCreated
from domain.events.budget import Grant
from domain.limits import SwarmLimits, check_not_negative


class Swarm(Aggregate):
    """Guards what the personas of one swarm share."""

    limits: SwarmLimits
    founder_id: str | None
    founder_swarm_id: str | None
    live: set[str]
    lifetime_spawns: int
    pool: Pool

    def __init__(self, swarm_id: str) -> None:
        super().__init__(streams.swarm(swarm_id))
        self.swarm_id = swarm_id
        self.limits = SwarmLimits()
        self.founder_id = None
        self.founder_swarm_id = None
        self.live = set()
        self.lifetime_spawns = 0
        self.pool = Pool()

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
        check_not_negative(limits)
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
        self.trigger(place_leased(context, self.swarm_id, child_id, (self.swarm_id,)))

    def take_place_back(self, context: Context, child_id: str) -> None:
        """Free the place of a reaped persona."""
        self.trigger(place_settled(context, self.swarm_id, child_id))

    def missing(self, context: Context, allowance: Credits, needed: Credits) -> Credits:
        """Tell how much more the swarm must be granted before it can lease the need on."""
        window = self.pool.current(context.window)
        left = self.pool.left(Ceiling(self.id, allowance), window)
        short = needed - left
        return short.at_least(Credits())

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
        holder = ceilings[0].account
        if holder == streams.persona(persona_id) and persona_id not in self.live:
            raise PersonaReapedError(persona_id)
        every = (*ceilings, self.ceiling, Ceiling(self.id, allowance))
        granted = self.pool.fit(request, every, context)
        self.trigger(
            BudgetLeased(
                **context.envelope(self.swarm_id, persona_id),
                lease_id=request.lease_id,
                resource="credits",
                window=self.pool.current(context.window),
                epoch=request.epoch,
                call_id=request.call_id,
                grants=(
                    Grant(
                        holder=holder,
                        accounts=(*(c.account for c in ceilings), self.id),
                        tokens=granted.tokens,
                        cpu_ms=granted.cpu_ms,
                    ),
                ),
            )
        )
        return granted

    def overdraw(
        self,
        context: Context,
        lease_id: str,
        persona_id: str,
        ceilings: Sequence[Ceiling],
        used: Credits,
    ) -> None:
        """Charge what was used without any reservation, in full, whether it fits or not."""
        accounts = (*(c.account for c in ceilings), self.id)
        self.trigger(
            BudgetLeased(
                **context.envelope(self.swarm_id, persona_id),
                lease_id=lease_id,
                resource="credits",
                window=self.pool.current(context.window),
                grants=(Grant(holder=accounts[0], accounts=accounts),),
            )
        )
        self.settle(context, lease_id, {accounts[0]: used})

    def settle(
        self,
        context: Context,
        lease_id: str,
        used: Mapping[str, Credits],
        outcome: str = "settled",
    ) -> Credits:
        """End a lease with what was used of it; return what was used beyond it (zero if nothing).

        Raises:
            ReservationNotFound: there is no such lease, or it has ended.
        """
        lease = self.pool.open.get(lease_id)
        if lease is None:
            raise ReservationNotFound(lease_id)
        over = Credits()
        for grant in lease.grants:
            beyond = used.get(grant.holder, Credits()) - Credits(grant.tokens, grant.cpu_ms)
            over += beyond.at_least(Credits())
        self.trigger(
            BudgetSettled(
                **context.envelope(self.swarm_id),
                lease_id=lease_id,
                resource="credits",
                window=lease.window,
                spent=spent(used),
                outcome=outcome,
            )
        )
        return over

    def holder_of(self, lease_id: str) -> str:
        """Return who holds an open lease.

        Raises:
            ReservationNotFound: there is no such lease, or it has ended.
        """
        lease = self.pool.open.get(lease_id)
        if lease is None:
            raise ReservationNotFound(lease_id)
        return lease.grants[0].holder

    def used_in_window(self, account: str, window: int) -> Credits:
        """Tell what an account has leased or used in a window; zero unless it is the last."""
        return self.pool.leased.get(account, Credits()) if window == self.pool.window else Credits()
