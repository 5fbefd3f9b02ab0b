"""What leases credits: the fabric to swarms, a swarm to its personas and to swarms they founded."""

from collections.abc import Mapping, Sequence

from domain.aggregates.aggregate import Aggregate
from domain.budget import (
    KEPT_WINDOWS,
    Ceiling,
    Credits,
    Lease,
    LeaseRequest,
    Pool,
    granted,
    spent,
)
from domain.context import Context
from domain.errors import ReservationNotFound
from domain.events import BudgetLeased, BudgetSettled
from domain.events.budget import Grant


class Lessor(Aggregate):
    """A stream with a pool of credits, leased for a window and settled after."""

    pool: Pool

    def __init__(self, stream: str, swarm_id: str) -> None:
        super().__init__(stream)
        self.swarm_id = swarm_id
        self.pool = Pool()

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
        lease = self.lease_of(lease_id)
        over = Credits()
        for grant in lease.grants:
            beyond = used.get(grant.holder, Credits()) - granted(grant)
            over += beyond.at_least(Credits())
        self._settled(context, lease_id, lease.window, used, outcome)
        return over

    def lease_of(self, lease_id: str) -> Lease:
        """Return an open lease.

        Raises:
            ReservationNotFound: there is no such lease, or it has ended.
        """
        lease = self.pool.open.get(lease_id)
        if lease is None:
            raise ReservationNotFound(lease_id)
        return lease

    def overdraw(
        self,
        context: Context,
        accounts: Sequence[str],
        used: Credits,
        window: int,
        persona_id: str | None = None,
    ) -> None:
        """Charge what was used beyond any lease, in full, whether it fits or not.

        It is on record as a lease of nothing of which something was used.

        Args:
            context: who asks, and when.
            accounts: the holder and all above it; each is charged.
            used: what was used.
            window: when it was used; of an earlier window than the last, only lifetimes know.
            persona_id: who used it, or founded the swarm that did.
        """
        lease_id = context.new_id()
        grant = Grant(holder=accounts[0], accounts=tuple(accounts))
        request = LeaseRequest(lease_id, Credits(), Credits(), window=window)
        self._leased(context, request, window, grant, persona_id)
        self._settled(context, lease_id, window, {accounts[0]: used}, "settled")

    def settle_earlier(self, context: Context, holder: str, pool: Pool, window: int) -> None:
        """Settle what a swarm holds of windows before this one with what its own pool says.

        A window of which the swarm's own leases wait to be settled waits for them a while.
        """
        left = dict(pool.covered)
        for lease_id, lease in self._held(holder, window):
            late = lease.window < window - KEPT_WINDOWS
            if pool.is_open(lease.window) and not late:
                continue
            whole = granted(lease.grants[0])
            part = left.get(lease.window, whole).at_most(whole)
            if lease.window in left:
                left[lease.window] -= part
            self._settled(context, lease_id, lease.window, {holder: part}, "settled")

    def _held(self, holder: str, before: int) -> list[tuple[str, Lease]]:
        return [
            (lease_id, lease)
            for lease_id, lease in self.pool.open.items()
            if lease.window < before and lease.grants[0].holder == holder
        ]

    def _lease(
        self,
        context: Context,
        request: LeaseRequest,
        ceilings: Sequence[Ceiling],
        accounts: Sequence[str],
        persona_id: str | None = None,
    ) -> Credits:
        """Lease what fits every ceiling to the first of the accounts; all are charged."""
        amount = self.pool.fit(request, ceilings, context)
        grant = Grant(
            holder=accounts[0],
            accounts=tuple(accounts),
            tokens=amount.tokens,
            cpu_ms=amount.cpu_ms,
        )
        window = self.pool.current(request, context)
        self._leased(context, request, window, grant, persona_id)
        return amount

    def _leased(
        self,
        context: Context,
        request: LeaseRequest,
        window: int,
        grant: Grant,
        persona_id: str | None,
    ) -> None:
        self.trigger(
            BudgetLeased(
                **context.envelope(self.swarm_id, persona_id),
                lease_id=request.lease_id,
                resource="credits",
                window=window,
                epoch=request.epoch,
                call_id=request.call_id,
                grants=(grant,),
            )
        )

    def _settled(
        self,
        context: Context,
        lease_id: str,
        window: int,
        used: Mapping[str, Credits],
        outcome: str,
    ) -> None:
        self.trigger(
            BudgetSettled(
                **context.envelope(self.swarm_id),
                lease_id=lease_id,
                resource="credits",
                window=window,
                spent=spent(used),
                outcome=outcome,
            )
        )
