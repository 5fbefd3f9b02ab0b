"""Searching warm memory: 100,000 nodes of 100 personas, made-up vectors; and making real ones."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg

from projections import privacy
from projections.privacy import Reader
from projections.view import Cursor, Row
from services.memory import near, vectors
from services.memory.embedders.minilm import MiniLmEmbedder
from services.memory.near import Wanted
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.views import Views
from tests.bench import fabric
from tests.remembered import MadeUp, fill, made_up

PERSONAS, EACH = 100, 1_000
QUERIES = 100
CANDIDATES, FOUND = 40, 10
"""What a search for ten hits weighs, and the hits."""
TEXTS = Path(__file__).parents[1] / "memory_paraphrases.tsv"


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with fabric.server() as server:
        database = fabric.database(server, "search")
        migrate(database)
        with (
            closing(Recorder(database)) as store,
            closing(Views(store, database)) as views,
            psycopg.connect(database, autocommit=True) as connection,
        ):
            fill(connection, PERSONAS, EACH)
            yield from _searches(views)
            yield _words(views, connection)
    yield "embeddings by MiniLM, one thread, texts of about 12 tokens", _embeddings(), ""


def _searches(views: Views) -> Iterator[tuple[str, str, str]]:
    asked = [vectors.literal(row) for row in made_up(QUERIES, seed=10**9)]

    def find(
        reader: Reader, wanted: Wanted, exact_rows: int = near.EXACT_ROWS
    ) -> Callable[[str], list[Row]]:
        def ask(cursor: Cursor, query: str) -> list[Row]:
            found = near.by_vector(
                cursor, MadeUp.id, query, wanted, CANDIDATES, exact_rows=exact_rows
            )
            return found or []

        return lambda query: views.ask(lambda cursor: ask(cursor, query), reader)

    one = _timed(find(privacy.EVERYTHING, Wanted(persona_ids=["p7"])), asked)
    own = _timed(find(privacy.persona("p7"), Wanted()), asked)
    graph = _timed(find(privacy.EVERYTHING, Wanted()), asked)
    all_ids = [f"p{number}" for number in range(PERSONAS)]
    every = Wanted(persona_ids=all_ids)
    exact = _timed(find(privacy.EVERYTHING, every, PERSONAS * EACH), asked)
    floor = _timed(lambda _: views.ask(lambda cursor: cursor.execute("select").fetchall()), asked)
    yield (
        f"search {PERSONAS * EACH:,} nodes by one of {PERSONAS} personas",
        f"{_told(one)}; as that persona {_told(own)}; an empty query {_told(floor)}",
        "p95 under 15 ms",
    )
    yield "... all of them, by the graph / comparing each", f"{_told(graph)} / {_told(exact)}", ""
    yield "recall@10 of the graph", f"{_recall(graph.found, exact.found):.3f}", "at least 0.95"


def _words(views: Views, connection: psycopg.Connection) -> tuple[str, str, str]:
    texts = _texts()
    connection.execute(
        "update view_memories set text = (%s::text[])[1 + position %% %s] where position > %s",
        [texts, len(texts), PERSONAS * EACH - near.WORD_ROWS],
    )

    def find(query: str) -> list[Row]:
        return views.ask(
            lambda cursor: near.by_words(cursor, query, Wanted(), CANDIDATES), privacy.EVERYTHING
        )

    what = f"... the newest {near.WORD_ROWS:,} of them by words, texts of about 7 words"
    return what, _told(_timed(find, texts[:QUERIES])), ""


class _Timed:
    def __init__(self) -> None:
        self.ms: list[float] = []
        self.found: list[set[str]] = []


def _timed(find: Callable[[str], list[Row]], asked: Sequence[str]) -> _Timed:
    timed = _Timed()
    for query in asked[:10]:
        find(query)
    for query in asked:
        began = time.perf_counter()
        rows = find(query)
        timed.ms.append((time.perf_counter() - began) * 1_000)
        timed.found.append({row["memory_id"] for row in rows[:FOUND] if "memory_id" in row})
    return timed


def _told(timed: _Timed) -> str:
    p50, p95 = statistics.median(timed.ms), statistics.quantiles(timed.ms, n=20)[-1]
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


def _recall(found: Sequence[set[str]], exact: Sequence[set[str]]) -> float:
    shares = (len(one & other) / FOUND for one, other in zip(found, exact, strict=True))
    return statistics.mean(shares)


def _texts() -> list[str]:
    return [line.split("\t")[0] for line in TEXTS.read_text().splitlines()]


def _embeddings() -> str:
    texts = _texts()
    embedder = MiniLmEmbedder()
    embedder.embed(texts[:1])
    began = time.perf_counter()
    embedder.embed(texts)
    return f"{len(texts) / (time.perf_counter() - began):.0f}/s"
