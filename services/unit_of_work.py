"""What one command reads and writes, saved as a whole or not at all."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from domain import streams
from domain.aggregates import Aggregate, Fabric, Persona, Proposal, Swarm, Target, Work
from domain.context import Context
from domain.events import Event
from domain.recorded import StreamEvent
from domain.segments import Log
from services.store.save import Fence

A = TypeVar("A", bound=Aggregate)

CACHED = 20_000


class NotLoaded(Exception):
    """Something must be loaded first; the command is then decided again from its beginning."""

    def __init__(self, key: str, make: Callable[[], Aggregate] | None) -> None:
        super().__init__(key)
        self.key = key
        self.make = make
        """Makes the aggregate to fold the stream into; None if the key is a log's prefix."""


class Cache:
    """The aggregates and logs this process has met last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Aggregate | Log] = OrderedDict()

    def get(self, key: str) -> Aggregate | Log | None:
        """Return what is kept under a stream or a prefix."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, value: Aggregate | Log) -> None:
        """Keep something, and let the oldest go if there is too much."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > CACHED:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget what may be outdated."""
        self._kept.pop(key, None)


class Unit:
    """A unit of work. Everything read is guarded, everything appended is saved together."""

    def __init__(self, context: Context, cache: Cache) -> None:
        self.context = context
        self.fence: Fence | None = None
        self.raise_fence: Fence | None = None
        self._cache = cache
        self._aggregates: dict[str, Aggregate] = {}
        self._makers: dict[str, Callable[[], Aggregate]] = {}
        self._logs: dict[str, Log] = {}
        self._placed: list[StreamEvent] = []
        self.read: dict[str, int] = {}
        """Streams that were read, and the version they stood at."""

    def fabric(self) -> Fabric:
        """The fabric."""
        return self._aggregate(streams.FABRIC, Fabric)

    def swarm(self, swarm_id: str) -> Swarm:
        """A swarm, existing or not."""
        return self._aggregate(streams.swarm(swarm_id), lambda: Swarm(swarm_id))

    def persona(self, persona_id: str) -> Persona:
        """A persona, existing or not."""
        return self._aggregate(streams.persona(persona_id), lambda: Persona(persona_id))

    def proposal(self, proposal_id: str) -> Proposal:
        """A proposal, existing or not."""
        return self._aggregate(streams.proposal(proposal_id), lambda: Proposal(proposal_id))

    def target(self, tool: str, target: str) -> Target:
        """A target, touched before or not."""
        return self._aggregate(streams.target(tool, target), lambda: Target(tool, target))

    def work(self, swarm_id: str) -> Work:
        """Who works on what in a swarm, whether anybody ever did or not."""
        return self._aggregate(streams.work(swarm_id), lambda: Work(swarm_id))

    def log(self, prefix: str) -> Log:
        """A segmented log as it stands, with what this command appended."""
        if prefix not in self._logs:
            found = self._cache.get(prefix)
            if not isinstance(found, Log):
                raise NotLoaded(prefix, None)
            self._logs[prefix] = found
            self.read[found.last_segment] = found.last_version
        return self._logs[prefix]

    def append(self, prefix: str, *events: Event) -> None:
        """Append events to a segmented log."""
        self._logs[prefix], placed = self.log(prefix).append(events)
        self._placed += placed

    def collect(self) -> tuple[list[StreamEvent], dict[str, int]]:
        """Hand over what is to be saved, and the versions that were read but not written.

        Thoughts come first: what follows from one has a higher position than its cause.

        The logs' new lengths go to the cache: what was decided here, the next command sees.
        """
        events: list[StreamEvent] = []
        guards: dict[str, int] = {}
        for stream, aggregate in self._aggregates.items():
            pending = aggregate.collect_events()
            if pending:
                events += pending
            else:
                guards[stream] = aggregate.version
        for prefix, log in self._logs.items():
            self._cache.put(prefix, log)
        return [*self._placed, *events], guards

    def empty(self, stream: str) -> Aggregate | None:
        """Return an empty aggregate of a stream this command has met; None for a log's."""
        make = self._makers.get(stream)
        return make() if make else None

    def forget(self) -> None:
        """Drop from the cache all that this command met: it may be outdated."""
        for key in (*self._aggregates, *self._logs):
            self._cache.drop(key)

    def undo(self) -> None:
        """Drop from the cache what this command changed and won't save."""
        for stream, aggregate in self._aggregates.items():
            if len(aggregate.pending) == aggregate.version:
                self._cache.put(stream, self._makers[stream]())
            elif aggregate.pending:
                self._cache.drop(stream)

    def _aggregate(self, stream: str, make: Callable[[], A]) -> A:
        found = self._aggregates.get(stream)
        if found is None:
            cached = self._cache.get(stream)
            if not isinstance(cached, Aggregate):
                raise NotLoaded(stream, make)
            found = self._aggregates[stream] = cached
            self._makers[stream] = make
            self.read[stream] = found.version
        return found  # type: ignore[return-value]  # the stream's name decides its class
