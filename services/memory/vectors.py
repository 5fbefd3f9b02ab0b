"""The vectors of what is in memory: made by a worker of texts, not folded of events.

No row says anything that its node and the embedder do not: deleted, the table comes back equal. It
is guarded as the nodes are. Read by `near`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import psycopg

from domain.ports import Embedder
from projections.privacy import guarded
from services.memory.errors import VectorsUnavailable
from services.store.connect import Connection
from services.views import guard

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

TABLE: Final = "memory_vectors"
OLDEST_PGVECTOR: Final = (0, 8)
"""The first that walks its index on while a filter leaves too little."""
_LOCK: Final = 5208208757389214277

_DDL: Final = f"""
create table memory_vectors (
    memory_id text collate "C" primary key,
    persona_id text collate "C",
    embedder text not null,
    text_hash bigint not null,
    vector halfvec(%d) not null
);
create index on memory_vectors (persona_id);
{guarded(TABLE, common="persona_id is null", of_swarm=False)}
"""
GRAPH: Final = """
create index memory_vectors_graph on memory_vectors
    using hnsw (vector halfvec_cosine_ops) with (m = 16, ef_construction = 100)"""
"""What finds the nearest of all without comparing each (Malkov and Yashunin, arXiv:1603.09320)."""
_IS_OURS: Final = """
select coalesce((select atttypmod = %(dimension)s from pg_attribute
        where attrelid = to_regclass('memory_vectors') and attname = 'vector'), false)
    and not exists (select from memory_vectors where embedder <> %(embedder)s)"""
_MISSING: Final = """
select memory_id, persona_id, text, hashtextextended(text, 0) as text_hash
from view_memories as node where position > %s and not exists (
    select from memory_vectors as made where made.memory_id = node.memory_id
    and made.text_hash = hashtextextended(node.text, 0))
order by position desc limit %s"""
_PUT: Final = """
insert into memory_vectors (memory_id, persona_id, embedder, text_hash, vector)
select memory_id, persona_id, %s, text_hash, vector::halfvec
from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[])
    as made (memory_id, persona_id, text_hash, vector)
on conflict (memory_id) do update set persona_id = excluded.persona_id,
    embedder = excluded.embedder, text_hash = excluded.text_hash, vector = excluded.vector"""
_DROP_GONE: Final = """
delete from memory_vectors as made where not exists (
    select from view_memories as node where node.memory_id = made.memory_id)"""


class Text(NamedTuple):
    """A node without a vector of its text."""

    memory_id: str
    persona_id: str | None
    text: str
    text_hash: int


def prepare(connection: Connection, embedder: Embedder) -> None:
    """Make the table for an embedder, unless it is there; one of another embedder is dropped.

    Raises:
        VectorsUnavailable: the server has no pgvector, too old a one, or does not let us use it.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        _extend(connection)
        named = {"embedder": embedder.id, "dimension": embedder.dimension}
        there = connection.execute("select to_regclass('memory_vectors') is not null").fetchone()
        if there == (True,) and connection.execute(_IS_OURS, named).fetchone() == (True,):
            return
        connection.execute("drop table if exists memory_vectors")
        connection.execute((_DDL % embedder.dimension).encode())
        guard.let_read(connection, [TABLE])
        connection.execute(GRAPH)


def missing(connection: Connection, after: int, count: int) -> list[Text]:
    """Return nodes after a position whose text has no vector yet, newest first."""
    return [Text(*row) for row in connection.execute(_MISSING, [after, count])]


def put(
    connection: Connection, embedder: Embedder, texts: Sequence[Text], rows: "NDArray[float32]"
) -> None:
    """Keep the vectors of texts, one row each."""
    ids, owners, _, hashes = zip(*texts, strict=True)
    written = [literal(row) for row in rows]
    connection.execute(_PUT, [embedder.id, list(ids), list(owners), list(hashes), written])


def drop_gone(connection: Connection) -> None:
    """Drop the vectors of nodes that are gone."""
    connection.execute(_DROP_GONE)


def literal(row: "NDArray[float32]") -> str:
    """Write a vector as PostgreSQL reads it."""
    return str(row.tolist())


def _extend(connection: Connection) -> None:
    """Turn pgvector on in this database."""
    try:
        with connection.transaction():
            connection.execute("create extension if not exists vector")
    except psycopg.Error as error:
        why = str(error).splitlines()[0]
        raise VectorsUnavailable(f"the database can't keep vectors: {why}") from None
    row = connection.execute(
        "select extversion from pg_extension where extname = 'vector'"
    ).fetchone()
    version = str(row[0]) if row else ""
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PGVECTOR:
        raise VectorsUnavailable(
            f"the database can't keep vectors: pgvector {version} is older than 0.8, update it with"
            " `alter extension vector update`"
        )
