"""Warm memory of any size, made up: nodes with vectors, as of many personas."""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.numeric import Int8

from services.memory import vectors

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
TOPICS = 500
"""What made-up nodes are about: the vectors of one topic lie together, as those of texts do."""
SPREAD = 0.7
"""How far: the cosine of two of one topic is about 0.67."""


class MadeUp:
    """An embedder of nothing: for tests that bring their own vectors."""

    id = "made-up:384"
    dimension = 384
    batch = 64

    def embed(self, texts: object) -> NDArray[np.float32]:
        raise NotImplementedError


def made_up(count: int, seed: int) -> NDArray[np.float32]:
    """Return vectors of length 1, the same for the same seed, about the same topics for all."""
    topics = np.random.default_rng(0).standard_normal((TOPICS, MadeUp.dimension))
    random = np.random.default_rng(seed)
    drawn = topics[random.integers(TOPICS, size=count)]
    drawn = drawn + SPREAD * random.standard_normal(drawn.shape)
    made: NDArray[np.float32] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return made.astype(np.float32)


def share(connection: psycopg.Connection, persona_id: str, *shared_with: str) -> None:
    """Let there be a persona, and say with whom it shares its memory."""
    connection.execute(
        "insert into view_sharing (persona_id, swarm_id, shared_with) values (%s, 'swarm', %s)",
        [persona_id, list(shared_with)],
    )


def fill(connection: psycopg.Connection, personas: int, each: int) -> None:
    """Give personas `p0`, `p1`, ... so many nodes each, and their vectors; the graph last."""
    vectors.prepare(connection, MadeUp())
    connection.execute("drop index memory_vectors_graph")
    for number in range(personas):
        share(connection, f"p{number}")
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy view_memories (memory_id, position, swarm_id, persona_id, kind, text, value,"
            " occurred_at, last_seen_at, count, links) from stdin"
        ) as nodes,
    ):
        for number in range(personas * each):
            at = NOON + timedelta(seconds=number)
            nodes.write_row(
                (f"m{number}", number + 1, "swarm", f"p{number % personas}", "thought",
                 f"thought {number}", 0.5, at, at, 1, [])
            )  # fmt: skip
    _give_vectors(connection, [(f"m{n}", f"p{n % personas}") for n in range(personas * each)])


def give_vectors(connection: psycopg.Connection) -> None:
    """Give every node a made-up vector; the graph last."""
    vectors.prepare(connection, MadeUp())
    connection.execute("truncate memory_vectors")
    connection.execute("drop index memory_vectors_graph")
    owned = connection.execute("select memory_id, persona_id from view_memories").fetchall()
    _give_vectors(connection, owned)


def _give_vectors(connection: psycopg.Connection, owned: Sequence[tuple[str, str | None]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy memory_vectors (memory_id, persona_id, embedder, text_hash, vector)"
            " from stdin (format binary)"
        ) as copied,
    ):
        for (memory_id, persona_id), row in zip(owned, _rows(len(owned)), strict=True):
            copied.write_row((memory_id, persona_id, MadeUp.id, Int8(0), row))
    connection.execute("set maintenance_work_mem = '1GB'")
    connection.execute(vectors.GRAPH)
    connection.execute("analyze view_memories, memory_vectors, view_sharing")


def _rows(count: int, lot: int = 1_000) -> Iterator[bytes]:
    """Yield vectors as `halfvec` is sent: the dimension, nothing, and big-endian halves."""
    head = struct.pack(">HH", MadeUp.dimension, 0)
    for first in range(0, count, lot):
        rows = made_up(min(lot, count - first), seed=first + 1).astype(">f2")
        yield from (head + row.tobytes() for row in rows)
