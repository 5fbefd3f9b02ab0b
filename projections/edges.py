"""The edges of the thought graph, and the walk along them to what a memory rests on.

An edge is a link of the node it begins at. A walk goes by indexes, a level at a time, and sees
what its reader may see: what may not be seen is not walked through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from domain.references import position_of
from projections.memory_node import AGAIN, CAUSE, CONTEXT, EVIDENCE, EXECUTES, Node
from projections.view import Cursor

DEPTH: Final = 4
"""Levels a walk goes, unless told otherwise."""
MOST: Final = 200
"""Edges a walk brings, unless told otherwise."""
_SUPPORTS: Final = (EVIDENCE, CAUSE, EXECUTES, CONTEXT, AGAIN)

_BY_REF: Final = """
select * from view_memories where memory_id in (
    select memory_id from view_memories where memory_id = any(%(ids)s)
    union select memory_id from view_memories where position = any(%(positions)s))
"""
_TESTING: Final = """
select * from view_memories where tests = any(%(hypotheses)s) order by position limit %(most)s
"""
_LED: Final = """
select * from view_memories where led_by = any(%(thoughts)s) order by position limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class Edge:
    """One step of a walk."""

    source: str
    """Memory it begins at."""
    kind: str
    """evidence, cause, executes, context, again (shown to a repetition), tests, or tested (what a
    thought had checked)."""
    target: str
    """What it leads to: a memory, or a reference to what only the store still has."""
    depth: int
    """How many steps from the beginning of the walk, from 1."""
    node: Node | None
    """What the step came to; None if that is not in warm memory, or not for the reader to see."""


Step = tuple[str, str, str, Node | None]
"""Source, kind, target, and the node that a walk goes on from."""


def supports(cursor: Cursor, memory_id: str, *, depth: int = DEPTH, most: int = MOST) -> list[Edge]:
    """Return what a memory rests on, nearest first: evidence, causes, context, checks of it."""
    edges: list[Edge] = []
    level = _nodes(cursor, _BY_REF, **_asked([memory_id]))
    seen = {node.memory_id for node in level}
    for distance in range(1, depth + 1):
        further: list[Node] = []
        for source, kind, target, node in islice(_steps(cursor, level, most), most - len(edges)):
            edges.append(Edge(source, kind, target, distance, node))
            if node and node.memory_id not in seen:
                seen.add(node.memory_id)
                further.append(node)
        level = further
        if not level or len(edges) == most:
            break
    return edges


def _steps(cursor: Cursor, level: Sequence[Node], most: int) -> Iterator[Step]:
    """Yield what nodes rest on, reading no further than it is taken."""
    links = _links(level)
    while some := list(islice(links, most)):
        found = _Found(_nodes(cursor, _BY_REF, **_asked(ref for _, _, ref in some)))
        for node, word, ref in some:
            target = found.by(ref)
            yield node.memory_id, word[:-1], target.memory_id if target else ref, target
    hypotheses = [node.memory_id for node in level if node.kind == "hypothesis"]
    if hypotheses:
        for check in _nodes(cursor, _TESTING, hypotheses=hypotheses, most=most):
            yield check.tests or "", "tests", check.memory_id, check
    thoughts = [node.memory_id for node in level if node.kind == "thought"]
    if thoughts:
        checks = _nodes(cursor, _LED, thoughts=thoughts, most=most)
        found = _Found(_nodes(cursor, _BY_REF, **_asked(each.tests or "" for each in checks)))
        for check in checks:
            hypothesis = found.by(check.tests or "")
            if hypothesis:
                yield check.led_by or "", "tested", hypothesis.memory_id, hypothesis


def _links(level: Sequence[Node]) -> Iterator[tuple[Node, str, str]]:
    return ((node, word, ref) for node in level for word in _SUPPORTS for ref in node.refs(word))


class _Found:
    """Nodes by whatever names them."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._ids = {node.memory_id: node for node in nodes}
        self._positions = {node.position: node for node in nodes}

    def by(self, ref: str) -> Node | None:
        """Return what a reference leads to."""
        position = position_of(ref)
        return self._ids.get(ref) if position is None else self._positions.get(position)


def _asked(refs: Iterable[str]) -> dict[str, Any]:
    places = {ref: position_of(ref) for ref in refs}
    return {
        "ids": [ref for ref, position in places.items() if position is None],
        "positions": [position for position in places.values() if position is not None],
    }


def _nodes(cursor: Cursor, sql: str, **asked: Any) -> list[Node]:
    return [Node(**row) for row in cursor.execute(sql, asked)]
