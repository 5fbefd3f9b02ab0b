"""What events do to warm memory, one after the other: nodes come, stay for ever, fold, are let go.

It holds only the nodes a batch may touch, read from the table before. That is enough for the same
outcome as with all of them, so that it makes no difference how events are cut into batches.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import Final

from domain import compaction
from domain.events import CheckResult, SnapshotCompressed
from domain.references import position_of
from projections.memory_node import CAUSE, CONTEXT, EVIDENCE, RESTS, SHOWN, Node

Scope = tuple[str, str | None]
"""What is compacted as one: of a swarm, one persona's nodes; or its observations (None)."""

NAMED_KINDS: Final = ("hypothesis", "check", "proposal")
"""Kinds that their authors name themselves; each persona has one of a name and kind at a time."""


def scope_of(node: Node) -> Scope:
    """Return what a node is compacted with."""
    return node.swarm_id, None if node.kind == "observation" else node.persona_id


class Compacting:
    """Warm memory while one batch is folded."""

    def __init__(self, found: Iterable[Node], sizes: dict[Scope, int], most: int) -> None:
        """Take in rows of the table.

        Args:
            found: nodes the batch may change, and those that decide on them.
            sizes: how many nodes of a scope can be let go, where those may be more than `most`.
            most: how many of them stay.
        """
        self.nodes: dict[str, Node] = {}
        """Those that are there, by id."""
        self.changed: dict[str, Node] = {}
        self.dropped: set[str] = set()
        self._sizes = sizes
        self._most = most
        self._positions: dict[int, Node] = {}
        self._names: dict[tuple[str | None, str, str], Node] = {}
        self._proposals: dict[str, Node] = {}
        self._checks: defaultdict[str, list[Node]] = defaultdict(list)
        self._led: defaultdict[str, list[Node]] = defaultdict(list)
        self._fresh: defaultdict[str | None, list[Node]] = defaultdict(list)
        self._first: dict[int, Node] = {}
        self._expiring: defaultdict[Scope, list[tuple[datetime, int, str]]] = defaultdict(list)
        for node in sorted(found, key=lambda node: node.position):
            self._take_in(node)

    def add(self, node: Node) -> None:
        """Take in a new node; a decision is kept with all it rests on.

        Of two hypotheses of one name the later takes it over from the earlier, which can't be
        settled any more; a check's result does from its request. What was said of the earlier
        remains: names are read as they stand when they are used.
        """
        if node.kind in NAMED_KINDS:
            self._read_names(node)
        if node.name is not None:
            self._replace(node.persona_id, node.kind, node.name, node.occurred_at)
        self._take_in(node)
        self._count(node, 1)
        self.changed[node.memory_id] = node
        if node.kind in ("proposal", "action"):
            self._keep(node, node.position)
        elif node.kind == "check":
            tested, asked = self.nodes.get(node.tests or ""), self.nodes.get(node.led_by or "")
            of_decision = asked and asked.kept == RESTS and asked.swarm_id == node.swarm_id
            if of_decision or (tested and tested.kept == RESTS):
                self._keep(node, node.position)

    def proposal(self, proposal_id: str) -> Node | None:
        """Return a proposal, None if there is none of this id."""
        return self._proposals.get(proposal_id)

    def change(self, node: Node) -> None:
        """Note that a node was changed."""
        self.changed[node.memory_id] = node

    def settle(self, result: CheckResult) -> None:
        """Let a hypothesis stand as its check left it; an inconclusive one settles nothing."""
        node = self._names.get((result.persona_id, "hypothesis", result.hypothesis_id))
        settles = result.outcome != "inconclusive"
        if node is None or not (settles or node.is_open):
            return
        node.status, node.value = result.outcome, result.confidence_after
        node.last_seen_at = max(node.last_seen_at, result.occurred_at)
        if settles:
            self._expire(node, result.occurred_at)
        self.change(node)

    def compact(self, snapshot: SnapshotCompressed) -> None:
        """Compact what a snapshot distils, and the observations of its swarm."""
        self._let_go((snapshot.swarm_id, None), snapshot.occurred_at)
        if snapshot.persona_id and snapshot.persona_id in snapshot.persona_scope:
            for node in self._fresh.pop(snapshot.persona_id, ()):
                self._fold(node)
            self._let_go((snapshot.swarm_id, snapshot.persona_id), snapshot.occurred_at)

    def _take_in(self, node: Node) -> None:
        self.nodes[node.memory_id] = node
        self._positions[node.position] = node
        if node.name is not None:
            self._names[node.persona_id, node.kind, node.name] = node
            if node.kind == "proposal":
                self._proposals[node.name] = node
        if node.tests is not None:
            self._checks[node.tests].append(node)
        if node.led_by is not None:
            self._led[node.led_by].append(node)
        if node.fingerprint is not None:
            self._fresh[node.persona_id].append(node)
        self._line_up(node)

    def _read_names(self, node: Node) -> None:
        """Put the ids of nodes in place of the names its author uses for them."""
        if node.tests is not None:
            tested = self._names.get((node.persona_id, "hypothesis", node.tests))
            node.tests = tested.memory_id if tested else None
        read = [self._read_name(node.persona_id, link) for link in node.links]
        node.links = tuple(dict.fromkeys(read))

    def _read_name(self, persona_id: str | None, link: str) -> str:
        ref = link.removeprefix(EVIDENCE)
        if ref == link or self._find(ref) or position_of(ref) is not None:
            return link
        named = (self._names.get((persona_id, kind, ref)) for kind in NAMED_KINDS)
        return next((EVIDENCE + node.memory_id for node in named if node), link)

    def _replace(self, persona_id: str | None, kind: str, name: str, replaced_at: datetime) -> None:
        earlier = self._names.pop((persona_id, kind, name), None)
        if earlier is None:
            return
        earlier.name = None
        if earlier.is_open:
            earlier.status = "replaced"
            self._expire(earlier, replaced_at)
        self.change(earlier)

    def _fold(self, node: Node) -> None:
        """Fold a thought into the first that it repeats; neither if a decision rests on it."""
        if not self._can_go(node) or node.fingerprint is None:
            return
        first = self._first.get(node.fingerprint)
        if first is None or not self._can_go(first):
            self._first[node.fingerprint] = node
        elif first is not node:
            first.absorb(node)
            if node.expires_at and first.expires_at and node.expires_at > first.expires_at:
                first.expires_at = node.expires_at
                self._line_up(first)
            self.change(first)
            self._drop(node)

    def _let_go(self, scope: Scope, now: datetime) -> None:
        """Drop what has fallen below its worth, then what is worth least beyond the most."""
        expiring = self._expiring[scope]
        while expiring:
            expires_at, _, memory_id = expiring[0]
            node = self.nodes.get(memory_id)
            if node is None or node.expires_at != expires_at:
                heappop(expiring)
            elif expires_at < now or self._sizes.get(scope, 0) > self._most:
                heappop(expiring)
                self._drop(node)
            else:
                return

    def _keep(self, decision: Node, since: int) -> None:
        """Keep a node for ever with all it rests on, and what its thoughts were shown."""
        waiting = [decision]
        while waiting:
            node = waiting.pop()
            if node.kept == RESTS:
                continue
            self._stay(node, RESTS, since)
            waiting += self._rests_on(node)
            for shown in self._found(node, CONTEXT):
                if shown.kept is None:
                    self._stay(shown, SHOWN, since)

    def _rests_on(self, node: Node) -> Iterator[Node]:
        yield from self._found(node, EVIDENCE)
        yield from self._found(node, CAUSE)
        if tested := self.nodes.get(node.tests or ""):
            yield tested
        if node.kind == "hypothesis":
            yield from (check for check in self._checks[node.memory_id] if self._has(check))
        if node.kind == "thought":
            for check in self._led[node.memory_id]:
                if self._has(check) and check.swarm_id == node.swarm_id:
                    yield check

    def _found(self, node: Node, word: str) -> Iterator[Node]:
        """Yield what a node refers to that came before it, in its swarm."""
        for ref in node.refs(word):
            found = self._find(ref)
            if found and found.position < node.position and found.swarm_id == node.swarm_id:
                yield found

    def _find(self, ref: str) -> Node | None:
        position = position_of(ref)
        return self.nodes.get(ref) if position is None else self._positions.get(position)

    def _stay(self, node: Node, kept: str, since: int) -> None:
        self._count(node, -1)
        node.expires_at, node.kept = None, kept
        node.kept_since = node.kept_since or since
        self.change(node)

    def _expire(self, node: Node, seen_at: datetime) -> None:
        if node.kept is None:
            self._count(node, -1)
            node.expires_at = compaction.expires_at(node.value, seen_at)
            self._count(node, 1)
            self._line_up(node)

    def _line_up(self, node: Node) -> None:
        if node.expires_at is not None:
            place = (node.expires_at, node.position, node.memory_id)
            heappush(self._expiring[scope_of(node)], place)

    def _count(self, node: Node, by: int) -> None:
        """Count a node of those that can be let go, where they are counted."""
        scope = scope_of(node)
        if node.expires_at is not None and scope in self._sizes:
            self._sizes[scope] += by

    def _drop(self, node: Node) -> None:
        self._count(node, -1)
        del self.nodes[node.memory_id]
        del self._positions[node.position]
        if node.name is not None:
            self._names.pop((node.persona_id, node.kind, node.name), None)
        self.changed.pop(node.memory_id, None)
        self.dropped.add(node.memory_id)

    def _has(self, node: Node) -> bool:
        return node.memory_id in self.nodes

    def _can_go(self, node: Node) -> bool:
        return self._has(node) and node.expires_at is not None
