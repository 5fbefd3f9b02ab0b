"""The fabric: the budget of all, places for all personas, and the one loop."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain import streams
from domain.aggregates.lessor import Lessor
from domain.budget import Ceiling, Credits, LeaseRequest, spent
from domain.context import Context
from domain.errors import SpawnQuotaExceeded
from domain.events import (
    BudgetLeased,
    BudgetSettled,
    CognitionStarted,
    CognitionStopped,
    Event,
)
from domain.events.budget import Grant
from domain.limits import SwarmLimits

KEPT_DOWNTIMES = 1_000


class Fabric(Lessor):
    """Guards what all swarms share."""

    epoch: int
    first_started_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    loop_interval_ms: int | None
    downtimes: list[tuple[datetime, datetime]]
    lifetime_spawns: int
    live_personas: int

    def __init__(self) -> None:
        super().__init__(streams.FABRIC, streams.FABRIC)
        self.epoch = 0
        self.first_started_at = None
        self.started_at = None
        self.stopped_at = None
        self.loop_interval_ms = None
        self.downtimes = []
        self.lifetime_spawns = 0
        self.live_personas = 0

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        match event:
            case CognitionStarted():
                self.epoch = event.epoch
                self.first_started_at = self.first_started_at or event.occurred_at
                self.started_at, self.stopped_at = event.occurred_at, None
                self.loop_interval_ms = event.loop_interval_ms
                if event.down_since:
                    self.downtimes = [
                        *self.downtimes[-KEPT_DOWNTIMES:],
                        (event.down_since, event.occurred_at),
                    ]
            case CognitionStopped():
                self.stopped_at = event.occurred_at
            case BudgetLeased(resource="spawns"):
                self.lifetime_spawns += 1
                self.live_personas += 1
            case BudgetSettled(resource="spawns"):
                self.live_personas -= 1
            case BudgetLeased():
                self.pool.apply_leased(event)
            case BudgetSettled():
                self.pool.apply_settled(event)

    def uptime(self, since: datetime, until: datetime) -> timedelta:
        """Tell how long the fabric thought between two times: downtime does not count."""
        if self.first_started_at is None:
            return timedelta()
        since = max(since, self.first_started_at)
        end = min(until, self.stopped_at) if self.stopped_at else until
        total = max(end - since, timedelta())
        for down, up in self.downtimes:
            total -= max(min(up, end) - max(down, since), timedelta())
        return max(total, timedelta())

    def start(
        self,
        context: Context,
        partitions: Sequence[int],
        interval_ms: int,
        seen_alive: datetime | None,
    ) -> int:
        """Begin a new loop; return its epoch. `seen_alive`: last trace of the one before."""
        self.trigger(
            CognitionStarted(
                **context.envelope(streams.FABRIC),
                epoch=self.epoch + 1,
                partitions=tuple(partitions),
                loop_interval_ms=interval_ms,
                down_since=None if self.started_at is None else self.stopped_at or seen_alive,
            )
        )
        return self.epoch

    def stop(self, context: Context, reason: str | None) -> None:
        """End the loop in good order."""
        self.trigger(
            CognitionStopped(**context.envelope(streams.FABRIC), epoch=self.epoch, reason=reason)
        )

    def give_place(self, context: Context, child_id: str, limits: SwarmLimits) -> None:
        """Set aside the place of one more persona.

        Raises:
            SpawnQuotaExceeded: the fabric has had, or has, as many as it may.
        """
        check_places(streams.FABRIC, self.live_personas, self.lifetime_spawns, limits)
        self.trigger(place_leased(context, streams.FABRIC, child_id, self.id))

    def take_place_back(self, context: Context, child_id: str) -> None:
        """Free the place of a reaped persona."""
        self.trigger(place_settled(context, streams.FABRIC, child_id))

    def lease(
        self,
        context: Context,
        request: LeaseRequest,
        swarm: Ceiling,
        limits: SwarmLimits,
    ) -> Credits:
        """Lease credits of this window to a swarm; return how much.

        Args:
            context: who asks, and when.
            request: how much.
            swarm: the swarm as an account; it guards its lifetime ceilings itself, exactly.
            limits: ceilings of the fabric.

        Raises:
            BudgetExhausted: the need does not fit.
        """
        fabric = ceiling_of(self.id, limits)
        ceilings = (swarm.of_minute, fabric)
        return self._lease(context, request, ceilings, (swarm.account, fabric.account))


def ceiling_of(account: str, limits: SwarmLimits) -> Ceiling:
    """Make the ceiling of a swarm or of the fabric."""
    return Ceiling(
        account,
        Credits(limits.token_budget_per_minute, limits.compute_ms_per_minute),
        limits.token_budget_lifetime,
        limits.compute_ms_lifetime,
    )


def check_places(account: str, live: int, lifetime: int, limits: SwarmLimits) -> None:
    """Refuse one more persona where the limits say so.

    Raises:
        SpawnQuotaExceeded: too many live ones, or too many for ever.
    """
    if live >= limits.max_live_personas:
        raise SpawnQuotaExceeded(account, "live personas", live + 1, limits.max_live_personas)
    if lifetime >= limits.max_lifetime_spawns:
        raise SpawnQuotaExceeded(
            account, "lifetime spawns", lifetime + 1, limits.max_lifetime_spawns
        )


def place_leased(
    context: Context,
    swarm_id: str,
    child_id: str,
    account: str,
    persona_id: str | None = None,
) -> BudgetLeased:
    """Make the event that sets the place of a live child aside."""
    return BudgetLeased(
        **context.envelope(swarm_id, persona_id),
        lease_id=child_id,
        resource="spawns",
        grants=(Grant(holder=streams.persona(child_id), accounts=(account,), spawns=1),),
    )


def place_settled(
    context: Context, swarm_id: str, child_id: str, persona_id: str | None = None
) -> BudgetSettled:
    """Make the event that frees the place of a reaped child."""
    return BudgetSettled(
        **context.envelope(swarm_id, persona_id),
        lease_id=child_id,
        resource="spawns",
        spent=spent({streams.persona(child_id): Credits()}),
    )
