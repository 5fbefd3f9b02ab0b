"""A fabric to measure: an embedded server of its own, personas that write realistic thoughts."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from domain.events.cognition import ContextRef, Thinker, Usage
from domain.limits import Limits
from services.commands import cognition, lifecycle
from services.commands.cognition import Thought
from services.commands.lifecycle import Ceilings, NewPersona
from services.executor import Executor
from services.store.embedded import EmbeddedPostgres
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.unit_of_work import Unit

SWARMS = 8
THOUGHT = Thought(
    phase="observe",
    content="Read 1,520 lines; 457 tell of a failure: 'Failed password' 177, 'authentication"
    " failure' 136, 'closed by invalid user' 49. 26 new kinds of message.",
    impact=0.3,
    context_refs=(ContextRef(ref="123#0-447", tier="input"),),
    thinker=Thinker(source="statistical"),
    usage=Usage(cpu_ms=12),
)
"""Encodes to about 450 bytes."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a storm of writers reached."""

    events_per_second: float
    p50_ms: float
    p99_ms: float


@contextmanager
def server() -> Iterator[str]:
    """Run an embedded server for the time of a benchmark; fsync is on."""
    with tempfile.TemporaryDirectory(prefix="perpetua-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        embedded = EmbeddedPostgres(home)
        try:
            yield embedded.start()
        finally:
            embedded.stop_if_last_user()


def database(conninfo: str, name: str) -> str:
    """Make a database on a server; return its URL."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return conninfo.replace("/postgres?", f"/{name}?")


@contextmanager
def executor(conninfo: str, personas: int, swarms: int = SWARMS) -> Iterator[Executor]:
    """Open a store with personas of some swarms that may think."""
    partitions = migrate(conninfo)
    with Recorder(conninfo) as recorder:
        made = Executor(recorder, partitions)
        context = made.context("user:bench")
        for number in range(personas):
            new = NewPersona(
                persona_id=f"persona-{number}",
                name="bench",
                role="writer",
                charter="write",
                swarm_id=f"swarm-{number % swarms}",
                limits=Limits(),
            )

            def spawn(unit: Unit, new: NewPersona = new) -> None:
                lifecycle.spawn(unit, new, Ceilings())

            made.run(context, spawn)
        yield made
        made.close()


async def storm(made: Executor, writers: int, events_a_save: int, seconds: float) -> Rate:
    """Let writers think, each awaiting its commit, all at once."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def write(number: int) -> int:
        persona_id, count = f"persona-{number}", 0
        while (began := time.perf_counter()) < until:
            await think(made, persona_id, events_a_save)
            taken.append(time.perf_counter() - began)
            count += events_a_save
        return count

    began = time.perf_counter()
    written = sum(await asyncio.gather(*(write(n) for n in range(writers))))
    elapsed = time.perf_counter() - began
    taken.sort()
    return Rate(written / elapsed, _ms(taken, 0.50), _ms(taken, 0.99))


async def think(made: Executor, persona_id: str, count: int) -> None:
    """Append thoughts of one persona in one save."""

    def command(unit: Unit) -> None:
        persona = cognition.thinking(unit, persona_id)
        for _ in range(count):
            cognition.place_thought(unit, persona, THOUGHT)

    await made.execute_async(made.context(f"persona:{persona_id}"), command)


def _ms(taken: list[float], share: float) -> float:
    return taken[min(len(taken) - 1, int(len(taken) * share))] * 1000
