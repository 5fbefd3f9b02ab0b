"""How tests of the lake make events, export them, and look at every row there is."""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from domain.ports import EventSource, Step, Stretch
from domain.recorded import Stored
from services.lake import files as parquet
from services.lake import manifest as manifests
from services.lake.asking import connected, view_name
from services.lake.exporter import Goal
from services.lake.manifest import Manifest
from services.lake.opening import opened
from services.lake.processes import export
from services.lake.sink import Sink
from services.lake.sizes import Sizes
from services.lake.sources import Broken, Share
from services.lake.work import Work
from services.store.codec import decode, encode
from services.store.recorder import Recorder
from tests.unit.projections.given import History

PARTITIONS = 12
SOURCE = "/perpetua/a-store"

SMALL = Sizes(rows=7, batch_bytes=15_000, file_bytes=64_000)
"""A batch has some eighty events, and what is small even then is merged."""
MANY = replace(SMALL, batch_bytes=2_000)
"""A batch has some seven events: enough files for some to be merged."""

Rows = dict[str, list[dict[str, Any]]]


def forever() -> bool:
    return False


def stored(history: History) -> list[Stored]:
    """Return a history as a store would have it."""
    return [
        Stored(e.position, e.stream, e.version, e.event.topic, e.partition, encode(e.event))
        for e in history.recorded
    ]


def some(count: int, seed: int = 1) -> list[Stored]:
    """Return events of many classes, in many partitions."""
    history, dice = History(), Random(seed)
    swarms = [f"swarm-{number}" for number in range(8)]
    for swarm in swarms:
        history.spawned(swarm, swarm)
    steps: list[Callable[[str], object]] = [
        history.thought, history.thought, history.supposed, history.checked, history.paused,
        history.distilled, lambda who: history.proposed(f"p-{len(history.recorded)}", who),
    ]  # fmt: skip
    while len(history.recorded) < count:
        dice.choice(steps)(dice.choice(swarms))
    return stored(history)


def poisoned(events: Sequence[Stored], position: int) -> list[Stored]:
    """Return the same events, one of them with bytes of no schema."""
    return [
        each._replace(state=b"\xc3\x01unknown!") if each.position == position else each
        for each in events
    ]


def every_event(store: Recorder, upto: int | None = None) -> list[Stored]:
    """Return what is stored, up to a position."""
    return store.read(0, 1_000_000, upto=upto)


def expected(events: Sequence[Stored]) -> Rows:
    """Return the rows that must be in the lake: read by the models, not by what wrote the lake."""
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in events:
        place = {
            "position": each.position, "stream": each.stream, "version": each.version,
            "partition": each.partition,
        }  # fmt: skip
        rows[each.topic].append(place | _plain(decode(each.state).model_dump()))
    return dict(rows)


def rows(folder: Path) -> Rows:
    """Return every row of every file of the manifest, by position."""
    manifest = manifest_of(folder)
    found: Rows = {}
    for topic, files in manifest.data_sets.items():
        read = [row for file in files for row in parquet.read(folder, topic, file).to_pylist()]
        found[topic] = sorted(read, key=lambda row: int(row["position"]))
    return found


def seen(folder: Path, topic: str) -> list[int]:
    """Return the positions DuckDB sees of an event class, in order."""
    with connected(folder) as connection:
        found = connection.sql(f"select position from {view_name(topic)} order by 1").fetchall()
    return [position for (position,) in found]


def manifest_of(folder: Path) -> Manifest:
    found = manifests.load(folder)
    assert found is not None
    return found


def on_disk(folder: Path) -> set[str]:
    """Return data set and name of every Parquet file there is, known or not."""
    return {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*.parquet")}


@dataclass(frozen=True)
class Told:
    """An `Origin` that hands out given events, cut anywhere."""

    events: Sequence[Stored]
    cuts: Sequence[int] = (5,)
    """How many events each stretch has, in turn."""
    source: str = SOURCE
    goal: Goal = field(default_factory=dict)

    @contextmanager
    def open(self, sink: Sink, share: Share, broken: Broken) -> Iterator[EventSource]:
        yield Telling(self, sink)


class Telling:
    """An `EventSource` of given events; partitions take turns."""

    def __init__(self, told: Told, sink: Sink) -> None:
        self._told = told
        self._sink = sink
        self._cuts = deque(told.cuts)
        self._turns = deque(range(PARTITIONS))
        self._events: dict[int, list[Step]] = {number: [] for number in range(PARTITIONS)}
        for each in told.events:
            self._events[each.partition].append(Step(each, each.position))
        self._at = dict(sink.checkpoints(range(PARTITIONS)))

    def take(self, timeout_secs: float) -> Sequence[Stretch]:
        for _ in range(PARTITIONS):
            number = self._turns[0]
            self._turns.rotate(-1)
            if number in self._at and (stretch := self._next(number)):
                self._at[number] = stretch.end
                return [stretch]
        return []

    def _next(self, number: int) -> Stretch | None:
        self._cuts.rotate(-1)
        start = self._at[number]
        events = self._events[number]
        after = events[bisect_right(events, start.position, key=lambda e: e.stored.position) :]
        steps = after[: self._cuts[0]]
        upto = steps[-1].stored.position if len(steps) < len(after) else self._told.goal[number]
        return Stretch(number, start, steps, upto) if upto > start.position else None

    def again(self, partition: int) -> None:
        self._at |= self._sink.checkpoints([partition])

    def leave(self, partition: int) -> None:
        self._at.pop(partition, None)

    def close(self) -> None:
        """Nothing is held."""


def told(events: Sequence[Stored], cuts: Sequence[int] = (5,), source: str = SOURCE) -> Told:
    """Make an origin whose goal is all these events."""
    last = events[-1].position if events else 0
    return Told(events, cuts, source, dict.fromkeys(range(PARTITIONS), last))


def exported(folder: Path, origin: Any, *, rebuild: bool = False, sizes: Sizes = SMALL) -> Manifest:
    """Export until the goal is reached; return the manifest."""
    with opened(folder, origin.source, len(origin.goal), rebuild=rebuild) as lake:
        export(lake, Work(origin, sizes=sizes), forever)
        return lake.manifest


def _plain(value: Any) -> Any:
    """Return lists for tuples, as Parquet has them."""
    match value:
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case str():
            return value
        case Collection():
            return [_plain(each) for each in value]
    return value
