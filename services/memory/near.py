"""What is nearest to a query among the nodes its reader may see: by vectors, or by words.

Row level security guards both tables: whatever is asked here finds nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from projections import privacy
from projections.memory_node import TEXT_CHARS
from projections.view import Cursor, Row

KINDS: Final = ("thought", "hypothesis", "check", "proposal", "action", "observation")
"""What kinds of nodes there are."""
EXACT_ROWS: Final = 20_000
"""Vectors of the personas in question up to which each is compared: some milliseconds. With more,
the graph is walked, which finds nearly all of the nearest; and where filters leave too few of what
it looks at, so many of the newest that pass are compared."""
WORD_ROWS: Final = 5_000
"""Newest nodes that are compared by words."""
QUERY_WORDS: Final = 64
"""Words of a query that are compared: its first."""
EF_SEARCH: Final = 100
"""Candidates kept on a walk of the graph: recall against time (ADR 16)."""
MAX_SCAN_ROWS: Final = 20_000
"""Nodes of the graph looked at, at most, for those a filter lets pass."""

_FILTERS: Final = """
    (%(kinds)s::text[] is null or node.kind = any(%(kinds)s))
    and (%(since)s::timestamptz is null or node.last_seen_at >= %(since)s)
    and (%(until)s::timestamptz is null or node.occurred_at <= %(until)s)"""
_NODE: Final = """node.memory_id, node.position, node.persona_id, node.kind, node.text, node.value,
    node.occurred_at, node.last_seen_at, node.count"""
_OWNED: Final = """(%(owners)s::text[] is null or persona_id = any(%(owners)s)
    or (%(common)s and persona_id is null))"""
_IN_QUESTION: Final = f"embedder = %(embedder)s and {_OWNED}"
_EXACT: Final = f"""
with compared as materialized (
    select memory_id, vector <=> %(vector)s::halfvec as distance from memory_vectors
    where {_IN_QUESTION} limit %(exact_rows)s + 1)
select * from (select count(*) as vectors from compared) as counted left join lateral (
    select {_NODE}, distance, 1 - distance as similarity
    from (select * from compared where vectors <= %(exact_rows)s order by distance) as near
    join view_memories as node using (memory_id)
    where {_FILTERS} order by distance limit %(count)s) as nearest on true
order by distance"""  # noqa: S608  names of our own
_GRAPH: Final = f"""
select {_NODE}, 1 - distance as similarity
from (select memory_id, vector <=> %(vector)s::halfvec as distance from memory_vectors
    where {_IN_QUESTION}) as near
join view_memories as node using (memory_id)
where {_FILTERS} order by distance limit %(count)s"""  # noqa: S608  names of our own
_NEWEST: Final = f"""
select {_NODE}, 1 - (made.vector <=> %(vector)s::halfvec) as similarity
from (select {_NODE} from view_memories as node where {_FILTERS} and {_OWNED}
    order by position desc limit %(rows)s) as node
join memory_vectors as made using (memory_id)
where made.embedder = %(embedder)s order by similarity desc limit %(count)s"""  # noqa: S608  names of our own
_WORDS: Final = f"""
with said as materialized (
    select array(
        select lexeme from unnest(to_tsvector('english', left(%(query)s, {TEXT_CHARS})))
        order by positions[1] limit {QUERY_WORDS}) as words
), newest as (
    select {_NODE} from view_memories as node where {_FILTERS} and {_OWNED}
    order by position desc limit %(rows)s
), compared as (
    select node.*, (length(held) - length(ts_delete(held, words)))::float8
        / cardinality(words) as similarity
    from said, newest as node, lateral (
        select to_tsvector('english', left(text, {TEXT_CHARS})) as held
        offset 0) as once
    where cardinality(words) > 0
)
select {_NODE}, similarity from compared as node where similarity > 0
order by similarity desc, position desc limit %(count)s"""  # noqa: S608  names of our own
_ANY: Final = f"""
select exists (select from memory_vectors where {_IN_QUESTION}) as there"""  # noqa: S608  names of our own
_HAS_TABLE: Final = "select to_regclass('memory_vectors') is not null as there"
_SET: Final = """
select there, array(
    select set_config(name, value, true)
    from unnest(%(names)s::text[], %(values)s::text[]) as setting (name, value) where there)
from (select to_regclass('memory_vectors') is not null as there) as tables"""
_PLAN: Final = {
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.ef_search": str(EF_SEARCH),
    "enable_seqscan": "off",  # vectors by their distance, then the nodes of the nearest
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What memory is searched for; null: any."""

    kinds: Sequence[str] | None = None
    since: datetime | None = None
    """Not what was last thought before."""
    until: datetime | None = None
    """Not what was first thought after."""
    persona_ids: Sequence[str] | None = None


def has_vectors(cursor: Cursor, embedder: str) -> bool:
    """Tell whether anything the reader may see has a vector by this embedder."""
    every = {"embedder": embedder, "owners": None, "common": True}
    return _there(cursor, _HAS_TABLE, {}) and _there(cursor, _ANY, every)


def by_vector(
    cursor: Cursor, embedder: str, vector: str, wanted: Wanted, count: int,
    *, exact_rows: int = EXACT_ROWS, scan_rows: int = MAX_SCAN_ROWS,
) -> list[Row] | None:  # fmt: skip
    """Return the nearest nodes, nearest first, with their cosine `similarity`.

    None if nothing in question has a vector by this embedder.
    """
    plan = _PLAN | {"hnsw.max_scan_tuples": str(scan_rows)}
    if not _there(cursor, _SET, {"names": list(plan), "values": list(plan.values())}):
        return None
    asked = _asked(cursor, wanted) | {"embedder": embedder, "vector": vector, "count": count}
    if asked["owners"] is None:
        return _walked(cursor, asked, exact_rows) if _there(cursor, _ANY, asked) else None
    found = cursor.execute(_EXACT, asked | {"exact_rows": exact_rows}).fetchall()
    vectors = found[0]["vectors"]
    if vectors > exact_rows:
        return _walked(cursor, asked, exact_rows)
    return [row for row in found if row["memory_id"] is not None] if vectors else None


def by_words(cursor: Cursor, query: str, wanted: Wanted, count: int) -> list[Row]:
    """Return the newest nodes by the share of the query's words they hold, as `similarity`."""
    asked = _asked(cursor, wanted)
    return cursor.execute(
        _WORDS, asked | {"query": query.replace("\0", " "), "rows": WORD_ROWS, "count": count}
    ).fetchall()


def _walked(cursor: Cursor, asked: dict[str, Any], rows: int) -> list[Row]:
    """Return what a walk of the graph finds; if that is too little, the best of the newest too."""
    found = cursor.execute(_GRAPH, asked).fetchall()
    if len(found) == asked["count"]:
        return found
    found += cursor.execute(_NEWEST, asked | {"rows": rows}).fetchall()
    once = {row["memory_id"]: row for row in found}.values()
    return sorted(once, key=lambda row: -row["similarity"])[: asked["count"]]


def _asked(cursor: Cursor, wanted: Wanted) -> dict[str, Any]:
    """Return the filters; `owners` are those whose memory is in question, null: all.

    What is nobody's (`common`) is in question unless personas are named.
    """
    named = wanted.persona_ids
    owners = named if named is not None else privacy.owners(cursor)
    return {
        "kinds": list(wanted.kinds) if wanted.kinds is not None else None,
        "since": wanted.since,
        "until": wanted.until,
        "owners": list(owners) if owners is not None else None,
        "common": named is None,
    }


def _there(cursor: Cursor, sql: str, asked: dict[str, Any]) -> bool:
    """Return what a query of one row says of `there`."""
    return bool(cursor.execute(sql.encode(), asked).fetchall()[0]["there"])
