"""Warm memory: how fast the thought graph is built, and how large it is after a long life."""

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

import psycopg

from domain import streams
from domain.compaction import MOST
from domain.events import (
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    ProposalCreated,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.events.cognition import ContextRef, Thinker, Usage
from domain.recorded import StreamEvent
from projections import memories, sharing
from projections.privacy import EVERYTHING
from projections.view import Cursor
from services.memory import near, vectors
from services.memory.near import Wanted
from services.store.mapper import AvroMapper, to_recorded
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.store.save import Save
from services.views import Views
from tests.bench import fabric
from tests.remembered import MadeUp, give_vectors, made_up
from tests.unit.projections.given import NOON

A_BATCH = 1_000
PERSONAS = 100
SWARMS = 8
EVENTS = 60_000
THOUGHTS, FEW = 1_000_000, 10_000
STATISTICAL = {"thinker": Thinker(source="statistical"), "usage": Usage(cpu_ms=12)}
FOUND = "Read 1,520 lines; {0} tell of a failure: 'Failed password' 177, kind {1}. 26 new kinds."


class Life:
    """Personas that think in cycles: eight events and a snapshot, in every tenth a proposal."""

    def __init__(self, personas: int, swarms: int, decides_every: int = 10) -> None:
        self._decides_every = decides_every
        self.position = 0
        self._personas = personas
        self._swarms = swarms
        self._lengths: Counter[str] = Counter()
        self._now = NOON

    def events(self) -> Iterator[StreamEvent]:
        """Yield what they think, without end."""
        cycle = 0
        while True:
            for number in range(self._personas):
                yield from self._cycle(f"persona-{number}", f"swarm-{number % self._swarms}", cycle)
            cycle += 1

    def _cycle(self, who: str, swarm: str, cycle: int) -> Iterator[StreamEvent]:
        self._now += timedelta(seconds=5)
        log, first = streams.thoughts(who), self.position + 2
        seen = self.position + 1
        batch: dict[str, Any] = {
            "source": "sshd.log", "content": f"{cycle} Failed password for root\n" * 3,
            "line_count": 4, "first_line": 0, "offset": 0,
        }  # fmt: skip
        yield self._put(streams.observations(swarm, who), ObservationReceived, swarm, None, **batch)
        shown = (ContextRef(ref=f"{seen}#0-3", tier="input"),)
        told = FOUND.format(cycle, "abcdefghij"[cycle % 10])
        yield self._thought(log, swarm, who, "observe", told, 0.3, context_refs=shown)
        yield self._thought(log, swarm, who, "reflect", f"It grew to {cycle}.", 0.5)
        cause, name = f"event-{self.position}", f"{who}-{cycle}"
        supposed: dict[str, Any] = {
            "belief_key": f"key-{cycle % 50}", "claim": f"{cycle} of 100 lines tell of a failure",
            "confidence": 0.6, "evidence_refs": (f"{seen}#0-2",), "causation_id": cause,
            "hypothesis_id": name,
        }  # fmt: skip
        yield self._put(log, HypothesisRaised, swarm, who, **supposed)
        yield self._thought(log, swarm, who, "test", f"{cycle} of 100 are confirmed.", 0.7)
        of: dict[str, Any] = {"hypothesis_id": name, "check_id": f"check-{name}"}
        yield self._put(log, CheckRequested, swarm, who, **of, kind="recount", spec="{}")
        of |= {"outcome": "passed", "confidence_after": 0.75, "excerpt": f"{cycle} of 100"}
        yield self._put(log, CheckResult, swarm, who, **of, evidence_refs=(f"{seen}#0-2",))
        if cycle % self._decides_every == 0:
            proposed: dict[str, Any] = {
                "proposal_id": f"proposal-{name}", "title": "Deny", "rationale": f"{cycle} failed",
                "risk": "low", "evidence_refs": (f"{seen}#0-2", f"event-{first + 2}"),
            }  # fmt: skip
            stream = streams.proposal(f"proposal-{name}")
            yield self._put(stream, ProposalCreated, swarm, who, segmented=False, **proposed)
        yield self._thought(log, swarm, who, "compress", f"Nothing of note in {cycle}.", 0.2)
        distilled: dict[str, Any] = {
            "snapshot_id": f"snapshot-{name}", "persona_scope": (who,), "summary": "calm",
            "from_position": first, "to_position": self.position, "thoughts_in": 4,
        }  # fmt: skip
        yield self._put(log, SnapshotCompressed, swarm, who, **distilled)

    def _thought(
        self, log: str, swarm: str, who: str, phase: str, content: str, impact: float, **more: Any
    ) -> StreamEvent:
        body = {"phase": phase, "content": content, "impact": impact, **STATISTICAL, **more}
        return self._put(log, ThoughtGenerated, swarm, who, **body)

    def _put(
        self, prefix: str, kind: type[Event], swarm: str, who: str | None, /,
        *, segmented: bool = True, **body: Any,
    ) -> StreamEvent:  # fmt: skip
        self.position += 1
        length = self._lengths[prefix]
        self._lengths[prefix] += 1
        stream = f"{prefix}/{length // streams.SEGMENT_SIZE}" if segmented else prefix
        event = kind(
            event_id=f"event-{self.position}", occurred_at=self._now, swarm_id=swarm,
            persona_id=who, actor="system:bench", correlation_id="c", **body,
        )  # fmt: skip
        return StreamEvent(stream, length % streams.SEGMENT_SIZE + 1, event)


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with fabric.server() as conninfo:
        yield from _many(fabric.database(conninfo, "graph"))
        yield from _long(fabric.database(conninfo, "life"))


def _many(conninfo: str) -> Iterator[tuple[str, str, str]]:
    partitions = migrate(conninfo)
    with Recorder(conninfo) as recorder:
        for batch in _saves(Life(PERSONAS, SWARMS), EVENTS):
            _write(recorder, partitions, batch)
        floor = _decoded(recorder)
        built = _built(recorder, conninfo)
    yield (
        f"thought graph of {PERSONAS} personas, {EVENTS:,} events",
        f"{built:,.0f} events/s; {built / floor:.2f} of decoding alone ({floor:,.0f})",
        "15,000 events/s",
    )


def _long(conninfo: str) -> Iterator[tuple[str, str, str]]:
    partitions, life = migrate(conninfo), Life(1, 1, decides_every=1_000)
    with Recorder(conninfo) as recorder, closing(_views(recorder, conninfo)) as views:
        took: list[float] = []
        for number, batch in enumerate(_saves(life, THOUGHTS * 9 // 4)):
            if number == FEW * 9 // 4 // A_BATCH:
                took.append(_search_ms(views, conninfo))
            _write(recorder, partitions, batch)
            views.catch_up()
        took.append(_search_ms(views, conninfo))
    with psycopg.connect(conninfo) as connection:
        sizes = connection.execute(
            "select count(*) filter (where expires_at is not null and kind <> 'observation'),"
            " count(*) filter (where kind = 'proposal'), count(*) from view_memories"
        ).fetchone()
    going, decisions, every = sizes or (0, 0, 0)
    yield (
        f"warm memory of one persona after {THOUGHTS:,} thoughts",
        f"{going:,} nodes that may go; {every:,} with {decisions:,} decisions and all they rest on",
        f"{MOST:,} that may go",
    )
    yield (
        f"... search in it / after {FEW:,} thoughts, p50",
        f"{took[1]:.1f} / {took[0]:.1f} ms = {took[1] / took[0]:.2f}",
        "within 2",
    )


def _search_ms(views: Views, conninfo: str) -> float:
    """Return the median time of a search by the persona, with made-up vectors."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        give_vectors(connection)
    asked = [vectors.literal(row) for row in made_up(60, seed=10**9)]
    wanted, ms = Wanted(persona_ids=["persona-0"]), list[float]()

    def find(cursor: Cursor, query: str) -> object:
        return near.by_vector(cursor, MadeUp.id, query, wanted, 40)

    for query in asked:
        began = time.perf_counter()
        assert views.ask(partial(find, query=query), EVERYTHING)
        ms.append((time.perf_counter() - began) * 1_000)
    return statistics.median(ms[10:])


def _views(recorder: Recorder, conninfo: str) -> Views:
    return Views(recorder, conninfo, views=[memories.VIEW, sharing.VIEW])


def _saves(life: Life, count: int) -> Iterator[list[StreamEvent]]:
    events = islice(life.events(), count)
    while batch := list(islice(events, A_BATCH)):
        yield batch


def _write(recorder: Recorder, partitions: int, batch: list[StreamEvent]) -> None:
    mapper = AvroMapper(partitions)
    recorder.submit(Save([mapper.to_stored_event(placed) for placed in batch])).result()


def _decoded(recorder: Recorder) -> float:
    """Return events a second, read and decoded and nothing else."""
    began, count, after = time.perf_counter(), 0, 0
    while found := recorder.read(after, A_BATCH):
        count += len([to_recorded(each) for each in found])
        after = found[-1].position
    return count / (time.perf_counter() - began)


def _built(recorder: Recorder, conninfo: str) -> float:
    """Return events a second, the graph built of them."""
    with closing(_views(recorder, conninfo)) as views:
        began = time.perf_counter()
        head = views.catch_up()
        return head / (time.perf_counter() - began)
