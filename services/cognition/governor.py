"""No reservation, no call: credits are leased durably before a thinker may use them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain import streams
from domain.budget import Credits, LeaseRequest
from domain.context import Context
from domain.errors import DomainError
from services.commands import budget
from services.commands.lifecycle import Ceilings
from services.executor import Executor
from services.store.save import Fence
from services.unit_of_work import Unit

CALLS_A_LEASE = 4
"""A lease is taken for this many calls, where the ceilings allow."""
SETTLED_AT_ONCE = 100
"""Leases that are ended in one save."""


@dataclass(slots=True)
class _Held:
    lease_id: str
    window: int = 0
    granted: Credits = field(default_factory=Credits)
    used: Credits = field(default_factory=Credits)


class Governor:
    """Holds the leases this process took. One call of a persona at a time."""

    def __init__(self, executor: Executor, ceilings: Ceilings) -> None:
        self._executor = executor
        self._ceilings = ceilings
        self._held: dict[str, _Held] = {}
        """By persona, what its next call may be covered by."""
        self._due: defaultdict[str, list[_Held]] = defaultdict(list)
        """By persona, what covers no call any more and may not be settled yet."""

    async def reserve(self, context: Context, persona_id: str, need: Credits, fence: Fence) -> None:
        """See to it that a call of this worst case is covered by a lease.

        Raises:
            BudgetExhausted: it does not fit; the call must not be made.
            DomainError: the persona may not think.
        """
        held = self._held.get(persona_id)
        if held and held.window == context.window and (held.granted - held.used).covers(need):
            return
        due, lease_id = self._put_by(persona_id), context.new_id()

        def lease(unit: Unit) -> _Held:
            unit.fence = fence
            _settle(unit, persona_id, due)
            wished = Credits(need.tokens * CALLS_A_LEASE, need.cpu_ms * CALLS_A_LEASE)
            request = LeaseRequest(lease_id, need, wished, fence.epoch)
            granted = budget.lease(unit, persona_id, request, self._ceilings)
            swarm = unit.swarm(unit.persona(persona_id).swarm_id)
            return _Held(lease_id, swarm.pool.window, granted)

        try:
            done = await self._executor.execute_async(context, lease)
        except DomainError:
            raise
        except BaseException:  # cut short, it may have been leased all the same
            due.append(_Held(lease_id))
            raise
        self._held[persona_id] = done.result
        del self._due[persona_id]

    def settle(self, persona_id: str, used: Credits) -> None:
        """Count what a call used."""
        held = self._held.get(persona_id)
        if held:
            held.used += used

    async def give_back(self, context: Context, persona_id: str, fence: Fence) -> None:
        """End a persona's lease: what is left of it may be leased by others."""
        self._put_by(persona_id)
        await self._settle_due(context, [persona_id], fence)

    async def give_all_back(self, context: Context, fence: Fence) -> None:
        """End every lease: its loop has ended, and what is left of them serves nobody."""
        for persona_id in list(self._held):
            self._put_by(persona_id)
        everybody = list(self._due)
        for start in range(0, len(everybody), SETTLED_AT_ONCE):
            await self._settle_due(context, everybody[start : start + SETTLED_AT_ONCE], fence)

    def _put_by(self, persona_id: str) -> list[_Held]:
        """Let a persona's lease cover no further call; return what of it is to be settled."""
        due = self._due[persona_id]
        if held := self._held.pop(persona_id, None):
            due.append(held)
        return due

    async def _settle_due(self, context: Context, whose: Sequence[str], fence: Fence) -> None:
        due = {persona_id: self._due[persona_id] for persona_id in whose}

        def settle(unit: Unit) -> None:
            unit.fence = fence
            for persona_id, leases in due.items():
                _settle(unit, persona_id, leases)

        if any(due.values()):
            await self._executor.execute_async(context, settle)
        for persona_id in whose:
            self._due.pop(persona_id, None)


def _settle(unit: Unit, persona_id: str, due: Sequence[_Held]) -> None:
    """Settle what of a persona's leases is not settled yet."""
    if due:
        holder, swarm_id = streams.persona(persona_id), unit.persona(persona_id).swarm_id
        budget.settle_leases(unit, swarm_id, {each.lease_id: (holder, each.used) for each in due})
