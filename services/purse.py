"""The pool of a swarm or of the fabric with its limits, copied out of the aggregate.

An aggregate goes on changing once the command that read it is over.
"""

from dataclasses import dataclass

from domain.aggregates.fabric import ceiling_of
from domain.budget import Ceiling, Credits, Pool
from domain.limits import SwarmLimits
from services.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Purse:
    """A pool with its limits, as they stood at one moment."""

    account: str
    """Stream of the swarm, or of the fabric."""
    limits: SwarmLimits
    pool: Pool
    live: int
    """Personas alive."""
    lifetime_spawns: int
    """Personas that ever were."""
    founder_id: str | None = None
    founder_swarm_id: str | None = None

    @property
    def ceiling(self) -> Ceiling:
        """The swarm or the fabric as an account."""
        return ceiling_of(self.account, self.limits)

    @property
    def places(self) -> int:
        """How many more personas there may be."""
        return min(
            self.limits.max_live_personas - self.live,
            self.limits.max_lifetime_spawns - self.lifetime_spawns,
        )

    def left(self, ceiling: Ceiling, window: int) -> Credits:
        """Tell what an account may still lease of this pool."""
        life = ceiling.lifetime - self.pool.lifetime.get(ceiling.account, Credits())
        return (ceiling.minute - self.pool.used_in(ceiling.account, window)).at_most(life)


def of_fabric(unit: Unit, limits: SwarmLimits) -> Purse:
    """Return the fabric's, under these ceilings."""
    fabric = unit.fabric()
    pool = _copy(fabric.pool)
    return Purse(fabric.id, limits, pool, fabric.live_personas, fabric.lifetime_spawns)


def of_swarm(unit: Unit, swarm_id: str) -> Purse:
    """Return a swarm's."""
    swarm = unit.swarm(swarm_id)
    return Purse(
        swarm.id,
        swarm.limits,
        _copy(swarm.pool),
        len(swarm.live),
        swarm.lifetime_spawns,
        swarm.founder_id,
        swarm.founder_swarm_id,
    )


def _copy(pool: Pool) -> Pool:
    """Return what credits left are counted of."""
    return Pool(pool.window, dict(pool.leased), dict(pool.lifetime))
