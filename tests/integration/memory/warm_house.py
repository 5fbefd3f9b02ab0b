"""Warm memory with a few nodes in it, written as a view would, and what searches it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from numpy import float32
from numpy.typing import NDArray

from domain.ports import Embedder
from projections import privacy
from projections.privacy import Reader
from services import clock
from services.memory.embedders.hashing import HashingEmbedder
from services.memory.errors import EmbedderUnavailable
from services.memory.indexer import Indexer
from services.memory.near import Wanted
from services.memory.query import QueryEmbedder
from services.memory.search import ANYTHING, Found, Search
from services.memory.settings import MemorySettings
from services.store.recorder import Recorder
from services.views import Views
from tests.remembered import share


class Counting:
    """The hashing embedder; it counts what it is given, and fails while told to."""

    dimension = 384
    batch = 2

    def __init__(self, name: str = "counting") -> None:
        self.id = f"{name}:{self.dimension}"
        self.texts: list[str] = []
        self.is_away = False
        self.refused = 0
        self._inner = HashingEmbedder()

    def embed(self, texts: Sequence[str]) -> NDArray[float32]:
        if self.is_away:
            self.refused += 1
            raise EmbedderUnavailable("the model is away")
        self.texts += texts
        return self._inner.embed(texts)


@dataclass
class House:
    """One database, its views, and warm memory over it."""

    database: str
    views: Views
    connection: psycopg.Connection[Any]
    settled: bool = True
    written: int = 0

    def empty(self) -> None:
        """Forget everything."""
        self.connection.execute("truncate view_memories, view_sharing")
        self.connection.execute("drop table if exists memory_vectors")
        self.written = 0

    def persona(self, persona_id: str, *shared_with: str) -> None:
        share(self.connection, persona_id, *shared_with)

    def node(
        self, text: str, who: str | None = "a", kind: str = "thought", value: float = 0.5,
        ago: timedelta = timedelta(), first_ago: timedelta | None = None,
    ) -> str:  # fmt: skip
        """Remember a text, last thought so long ago; return its id."""
        self.written += 1
        now: datetime = clock.now()
        first = now - (ago if first_ago is None else first_ago)
        self.connection.execute(
            "insert into view_memories (memory_id, position, swarm_id, persona_id, kind, text,"
            " value, occurred_at, last_seen_at, count, links)"
            " values (%s, %s, 'swarm', %s, %s, %s, %s, %s, %s, 1, '{}')",
            [f"m{self.written}", self.written, who, kind, text, value, first, now - ago],
        )
        return f"m{self.written}"

    def forget(self, memory_id: str) -> None:
        self.connection.execute("delete from view_memories where memory_id = %s", [memory_id])
        self.written += 1

    def indexer(self, embedder: Embedder, sweep_secs: float = 60) -> Indexer:
        return Indexer(
            self.database, embedder, lambda: self.written, lambda: self.settled,
            rest_secs=0.01, again_secs=0.01, sweep_secs=sweep_secs,
        )  # fmt: skip

    def index(self, embedder: Embedder) -> int:
        """Give every node its vector, as a process that starts now."""
        indexer = self.indexer(embedder)
        try:
            return indexer.catch_up()
        finally:
            indexer.close()

    def vectors(self) -> list[tuple[Any, ...]]:
        return self.connection.execute("select * from memory_vectors order by 1").fetchall()

    def search(self, embedder: Embedder, **settings: Any) -> Search:
        queries = QueryEmbedder(embedder, pause_secs=0)
        return Search(self.views, queries, MemorySettings(**settings))

    def find(
        self, query: str, reader: Reader = privacy.EVERYTHING, wanted: Wanted = ANYTHING,
        count: int = 10, embedder: Embedder | None = None, **settings: Any,
    ) -> Found:  # fmt: skip
        return self.search(embedder or Counting(), **settings).find(reader, query, wanted, count)


@contextmanager
def house(store: Recorder, database: str) -> Iterator[House]:
    views = Views(store, database)
    try:
        with psycopg.connect(database, autocommit=True) as connection:
            yield House(database, views, connection)
    finally:
        views.close()


@contextmanager
def house_of_its_own(server: str, template: str) -> Iterator[House]:
    """A house on a new database of a server, for more than one test."""
    name = f"perpetua_test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}".encode())
        database = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        try:
            with closing(Recorder(database)) as store, house(store, database) as warm:
                yield warm
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


def refs(found: Found) -> list[str]:
    return [hit.ref for hit in found.hits]
