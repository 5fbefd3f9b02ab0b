"""What each persona could still lease in this minute, asked of the aggregates: leases live there.

A call must fit its persona, every ancestor, its swarm and the fabric (ADR 3); what is left to a
persona is the least of what is left to each of these. Leased counts as used until it is settled,
by whoever holds it: a persona with a lease in hand may use that beside what is told here. What a
swarm was granted for a minute that is over counts for life until its next lease settles it. A pause
changes nothing in it. Nothing is set aside by asking, so that another may be first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain import streams
from domain.budget import Ceiling, Credits
from projections.rows import LineageRow
from services.commands.lifecycle import Ceilings
from services.executor import Executor
from services.purse import Purse, of_fabric, of_swarm

ACTOR = "system:credits"


@dataclass(frozen=True, slots=True)
class CreditsLeft:
    """What is left to one persona."""

    tokens: int
    cpu_ms: int
    spawns: int
    """Children it could spawn now into its own swarm."""


@dataclass(frozen=True, slots=True)
class _Room:
    """What all personas of a swarm together could still lease, and of which window."""

    window: int
    credits: Credits


def credits_left(
    executor: Executor, ceilings: Ceilings, everybody: Sequence[LineageRow]
) -> Mapping[str, CreditsLeft]:
    """Return what is left to each live persona.

    Args:
        executor: reads the aggregates, each swarm and the fabric as a whole.
        ceilings: those of the fabric.
        everybody: all personas of all swarms, reaped ones included, parents first.
    """
    now = executor.context(ACTOR)
    fabric = executor.run(now, partial(of_fabric, limits=ceilings.fabric)).result
    swarms = {
        swarm_id: executor.run(now, partial(of_swarm, swarm_id=swarm_id)).result
        for swarm_id in dict.fromkeys(row.swarm_id for row in everybody)
    }
    counted = _Counted(fabric, swarms, everybody, now.window)
    live = [row for row in everybody if row.status != "reaped"]
    return {row.persona_id: counted.of(row) for row in live}


class _Counted:
    """Counts from the fabric down: swarms after their founders', personas after their parents."""

    def __init__(
        self,
        fabric: Purse,
        swarms: Mapping[str, Purse],
        everybody: Sequence[LineageRow],
        window: int,
    ) -> None:
        self._fabric = fabric
        self._swarms = swarms
        self._rows = {row.persona_id: row for row in everybody}
        self._live_children = _live_children(everybody)
        self._credits: dict[str, Credits] = {}
        members: dict[str, list[LineageRow]] = {}
        for row in everybody:
            members.setdefault(row.swarm_id, []).append(row)
        rooms: dict[str, _Room] = {}
        for swarm_id in _founders_first(swarms):
            rooms[swarm_id] = self._room(swarms[swarm_id], rooms, window)
            for row in members[swarm_id]:
                self._credits[row.persona_id] = self._of_member(row, rooms[swarm_id])

    def of(self, row: LineageRow) -> CreditsLeft:
        """Return what is left to a persona; never less than nothing."""
        left = self._credits[row.persona_id].at_least(Credits())
        return CreditsLeft(left.tokens, left.cpu_ms, max(0, self._spawns(row)))

    def _room(self, swarm: Purse, rooms: Mapping[str, _Room], window: int) -> _Room:
        founders = rooms.get(swarm.founder_swarm_id or "")
        above = self._swarms[swarm.founder_swarm_id or ""] if founders else self._fabric
        window = max(swarm.pool.window, founders.window if founders else above.pool.window, window)
        grantable = above.left(swarm.ceiling.of_minute, window)
        if founders is None:
            grantable = grantable.at_most(above.left(above.ceiling, window))
        else:
            grantable = grantable.at_most(self._credits.get(swarm.founder_id or "", Credits()))
        granted = above.pool.used_in(swarm.account, window)
        unused = granted - swarm.pool.used_in(swarm.account, window)
        return _Room(window, (unused + grantable).at_most(swarm.left(swarm.ceiling, window)))

    def _of_member(self, row: LineageRow, room: _Room) -> Credits:
        parent = self._rows.get(row.parent_id or "")
        inside = parent is not None and parent.swarm_id == row.swarm_id
        above = self._credits.get(row.parent_id or "") if inside else None
        own = self._swarms[row.swarm_id].left(_ceiling(row), room.window)
        return own.at_most(room.credits if above is None else above)

    def _spawns(self, row: LineageRow) -> int:
        limits, swarm = row.limits, self._swarms[row.swarm_id]
        if row.depth + 1 > limits.max_spawn_depth:
            return 0
        left = limits.max_branching_factor - self._live_children.get(row.persona_id, 0)
        if limits.max_lifetime_spawns is not None:
            left = min(left, limits.max_lifetime_spawns - len(row.children))
        return min(left, swarm.places, self._fabric.places)


def _founders_first(swarms: Mapping[str, Purse]) -> Iterable[str]:
    """Return the swarms, each after the one that pays for it."""
    ordered: dict[str, None] = {}
    for swarm_id in swarms:
        chain: list[str] = []
        at: str | None = swarm_id
        while at is not None and at in swarms and at not in ordered and at not in chain:
            chain.append(at)
            at = swarms[at].founder_swarm_id
        ordered |= dict.fromkeys(reversed(chain))
    return ordered


def _live_children(everybody: Sequence[LineageRow]) -> Mapping[str | None, int]:
    counted: dict[str | None, int] = {}
    for row in everybody:
        if row.status != "reaped":
            counted[row.parent_id] = counted.get(row.parent_id, 0) + 1
    return counted


def _ceiling(row: LineageRow) -> Ceiling:
    limits = row.limits
    return Ceiling(
        streams.persona(row.persona_id),
        Credits(limits.token_budget_per_minute, limits.compute_ms_per_minute),
        limits.token_budget_lifetime,
        limits.compute_ms_lifetime,
    )
