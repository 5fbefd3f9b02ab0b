"""No reservation, no call: credits are leased durably before a thinker may use them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain import streams
from domain.budget import Credits, LeaseRequest
from domain.context import Context
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
    swarm_id: str
    window: int
    granted: Credits
    used: Credits = field(default_factory=Credits)


class Governor:
    """Holds the leases this process took. One call of a persona at a time."""

    def __init__(self, executor: Executor, ceilings: Ceilings) -> None:
        self._executor = executor
        self._ceilings = ceilings
        self._held: dict[str, _Held] = {}

    async def reserve(self, context: Context, persona_id: str, need: Credits, fence: Fence) -> None:
        """See to it that a call of this worst case is covered by a lease.

        Raises:
            BudgetExhausted: it does not fit; the call must not be made.
            DomainError: the persona may not think.
        """
        held = self._held.get(persona_id)
        if held and held.window == context.window and (held.granted - held.used).covers(need):
            return

        def lease(unit: Unit) -> _Held:
            unit.fence = fence
            if held:
                _settle(unit, persona_id, held)
            wished = Credits(need.tokens * CALLS_A_LEASE, need.cpu_ms * CALLS_A_LEASE)
            request = LeaseRequest(unit.context.new_id(), need, wished, fence.epoch)
            granted = budget.lease(unit, persona_id, request, self._ceilings)
            swarm = unit.swarm(unit.persona(persona_id).swarm_id)
            return _Held(request.lease_id, swarm.swarm_id, swarm.pool.window, granted)

        done = await self._executor.execute_async(context, lease)
        self._held[persona_id] = done.result

    def settle(self, persona_id: str, used: Credits) -> None:
        """Count what a call used."""
        held = self._held.get(persona_id)
        if held:
            held.used += used

    async def give_back(self, context: Context, persona_id: str, fence: Fence) -> None:
        """End a persona's lease: what is left of it may be leased by others."""
        held = self._held.pop(persona_id, None)
        if held is None:
            return

        def settle(unit: Unit) -> None:
            unit.fence = fence
            _settle(unit, persona_id, held)

        await self._executor.execute_async(context, settle)

    async def give_all_back(self, context: Context, fence: Fence) -> None:
        """End every lease: its loop has ended, and what is left of them serves nobody."""
        while self._held:
            some = [self._held.popitem() for _ in range(min(SETTLED_AT_ONCE, len(self._held)))]

            def settle(unit: Unit, some: Sequence[tuple[str, _Held]] = some) -> None:
                unit.fence = fence
                for persona_id, held in some:
                    _settle(unit, persona_id, held)

            await self._executor.execute_async(context, settle)


def _settle(unit: Unit, persona_id: str, held: _Held) -> None:
    used = {held.lease_id: (streams.persona(persona_id), held.used)}
    budget.settle_leases(unit, held.swarm_id, used)
