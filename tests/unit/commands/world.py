"""A fabric in memory: commands are decided as the executor decides them, and saved in lists."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from domain import streams
from domain.aggregates import Aggregate, Fabric, Persona, Proposal, Swarm, Target
from domain.budget import Credits, LeaseRequest
from domain.context import Context
from domain.errors import DomainError
from domain.events import Event, SnapshotCompressed
from domain.events.cognition import Usage
from domain.limits import Limits, SwarmLimits
from domain.recorded import StreamEvent
from domain.segments import Log
from services.commands import budget, lifecycle
from services.commands.lifecycle import Ceilings, NewPersona
from services.store.codec import encode
from services.unit_of_work import Cache, NotLoaded, Unit

T = TypeVar("T")
A = TypeVar("A", bound=Aggregate)

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
USER = "user:eve"
WIDE = SwarmLimits(
    token_budget_per_minute=10**9, compute_ms_per_minute=10**9, max_live_personas=10**6
)
ROOMY = Ceilings(fabric=WIDE, swarm=WIDE)


class World:
    """Runs commands, each on what the ones before saved. Time moves only when it is moved."""

    def __init__(self, ceilings: Ceilings = ROOMY) -> None:
        self.now = NOON
        self.ceilings = ceilings
        self.saved: list[Event] = []
        """Every event, in the order of the saves."""
        self.last: list[Event] = []
        """Those of the last command that was not refused."""
        self.guards: dict[str, int] = {}
        """Streams the last command read and did not write, with their versions."""
        self.streams: dict[str, list[StreamEvent]] = defaultdict(list)
        self._ids = count(1)
        self._cache = Cache()
        self._makers: dict[str, Callable[[], Aggregate]] = {}

    def new_id(self) -> str:
        return f"id-{next(self._ids)}"

    def context(self, actor: str = USER) -> Context:
        return Context(self.now, actor, "request", self.new_id)

    def run(self, command: Callable[[Unit], T], actor: str = USER) -> T:
        """Decide and save; a command that refuses saves nothing.

        Every event must have a wire form.
        """
        while True:
            unit = Unit(self.context(actor), self._cache)
            try:
                result = command(unit)
            except NotLoaded as missing:
                unit.undo()
                self._load(missing)
                continue
            except DomainError:
                unit.undo()
                raise
            break
        placed, self.guards = unit.collect()
        for each in placed:
            stream = self.streams[each.originator_id]
            assert each.originator_version == len(stream) + 1
            encode(each.event)
            stream.append(each)
        self.last = [each.event for each in placed]
        self.saved += self.last
        return result

    def restart(self) -> None:
        """Forget what is cached, as a new process does."""
        self._cache = Cache()

    def check(self) -> None:
        """See that what is cached is what the stored events fold into, refused commands or not."""
        for key, kept in self._cache._kept.items():
            if isinstance(kept, Log):
                assert kept.length == self._length(key)
            else:
                assert not kept.pending
                assert _state_of(kept) == _state_of(self.load(self._makers[key]()))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def load(self, empty: A) -> A:
        """Fold what is stored of a stream."""
        return empty.fold(self.streams[empty.id])

    def fabric(self) -> Fabric:
        return self.load(Fabric())

    def swarm(self, swarm_id: str = lifecycle.DEFAULT_SWARM) -> Swarm:
        return self.load(Swarm(swarm_id))

    def persona(self, persona_id: str) -> Persona:
        return self.load(Persona(persona_id))

    def proposal(self, proposal_id: str) -> Proposal:
        return self.load(Proposal(proposal_id))

    def target(self, tool: str, target: str) -> Target:
        return self.load(Target(tool, target))

    def thoughts(self, persona_id: str) -> list[Event]:
        """Return the thought log of a persona, its first segment."""
        return [each.event for each in self.streams[f"{streams.thoughts(persona_id)}/0"]]

    @property
    def topics(self) -> list[str]:
        """Classes of the events of the last command."""
        return [event.topic for event in self.last]

    def spawn(
        self, persona_id: str, parent_id: str | None = None, limits: Limits | None = None,
        swarm_id: str | None = None,
    ) -> Persona:  # fmt: skip
        new = NewPersona(
            persona_id=persona_id, name="n", role="r", charter="c", parent_id=parent_id,
            limits=limits, swarm_id=swarm_id,
        )  # fmt: skip
        return self.run(lambda unit: lifecycle.spawn(unit, new, self.ceilings))

    def reap(
        self, persona_id: str, to_cite: tuple[str, ...] = (), decisions: tuple[str, ...] = (),
        questions: tuple[str, ...] = (), reason: str = "manual",
    ) -> bool:  # fmt: skip
        def distil(unit: Unit) -> SnapshotCompressed:
            swarm_id = unit.persona(persona_id).swarm_id
            return SnapshotCompressed(
                **unit.context.envelope(swarm_id, persona_id),
                snapshot_id=unit.context.new_id(), persona_scope=(persona_id,), summary="s",
                decisions=decisions, open_questions=questions,
                from_position=0, to_position=0, thoughts_in=0,
            )  # fmt: skip

        return self.run(lambda unit: lifecycle.reap(unit, persona_id, reason, distil, to_cite))

    def reserve(self, persona_id: str, tokens: int = 0, cpu_ms: int = 0) -> str:
        """Reserve for a call made elsewhere; return the reservation's id."""
        made = self.new_id()
        self.run(
            lambda unit: budget.reserve(
                unit, persona_id, made, made, Credits(tokens, cpu_ms), self.ceilings
            )
        )
        return made

    def lease(self, persona_id: str, needed: int, wished: int, epoch: int = 1) -> Credits:
        """Lease as the loop does; return what was granted."""
        request = LeaseRequest(self.new_id(), Credits(needed), Credits(wished), epoch)
        return self.run(lambda unit: budget.lease(unit, persona_id, request, self.ceilings))

    def settle(self, reservation_id: str, persona_id: str, tokens: int, cpu_ms: int = 0) -> Credits:
        """Settle a reservation; return what was used beyond it."""
        usage = Usage(completion_tokens=tokens, cpu_ms=cpu_ms)
        return self.run(lambda unit: budget.settle(unit, persona_id, reservation_id, usage))

    def _load(self, missing: NotLoaded) -> None:
        if missing.make is None:
            self._cache.put(missing.key, Log(missing.key, self._length(missing.key)))
        else:
            self._makers[missing.key] = missing.make
            self._cache.put(missing.key, self.load(missing.make()))

    def _length(self, log: str) -> int:
        segments = [k for k in self.streams if k.rpartition("/")[0] == log]
        return sum(len(self.streams[k]) for k in segments)


def _state_of(aggregate: Aggregate) -> dict[str, Any]:
    return {k: v for k, v in vars(aggregate).items() if k != "_pending"}
