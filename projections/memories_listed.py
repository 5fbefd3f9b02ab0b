"""Warm memory as it is listed: a persona's nodes, newest first."""

from typing import Final

from projections.memory_node import Node
from projections.view import Cursor

_NEWEST: Final = """
select * from view_memories
where persona_id = %(persona_id)s
    and (%(kind)s::text is null or kind = %(kind)s)
    and (%(before)s::bigint is null or position < %(before)s)
order by position desc limit %(limit)s
"""


def newest(
    cursor: Cursor, persona_id: str, *, kind: str | None = None, before: int | None = None,
    limit: int = 100,
) -> list[Node]:  # fmt: skip
    """Return a persona's nodes before a position, of one kind if given, newest first."""
    asked = {"persona_id": persona_id, "kind": kind, "before": before, "limit": limit}
    return [Node(**row) for row in cursor.execute(_NEWEST, asked)]
