"""One memory of the thought graph, and which event makes which.

A node is named by the id of its event, an observation by its position: so that whatever an event
refers to, by id or as `POSITION#LINES`, finds its node.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from domain import compaction
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalGranted,
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
    ThoughtGenerated,
)
from domain.formats import read_lines
from domain.recorded import Recorded
from domain.references import position_of
from domain.vocabulary import MAX_ID_LENGTH

TEXT_CHARS: Final = 4_000
"""Characters kept of a text; all of it is in its event, and of a proposal here as well."""
LINE_CHARS: Final = 200
"""Characters shown of the first line of an observation."""

EVIDENCE: Final = "evidence:"
"""Begins a link to what a memory rests on."""
CONTEXT: Final = "context:"
"""Begins a link to what was shown to the thinker."""
AGAIN: Final = "again:"
"""Begins a link to what was shown to a repetition that was folded into it."""
CAUSE: Final = "cause:"
"""Begins a link to the thought that led to it."""
EXECUTES: Final = "executes:"
"""Begins the link of an action to its proposal."""
CONTRADICTS: Final = "contradicts:"
"""Begins a link to the belief key a hypothesis contradicts."""

RESTS: Final = "rests"
"""A decision, or what one rests on: it stays, and all it rests on itself."""
SHOWN: Final = "shown"
"""It was shown to a thought that a decision rests on: it stays."""

GateEvent = (
    ProposalVerified | PolicyDecided | ApprovalGranted | ActionStarted | ActionExecuted
    | ProposalRejected
)  # fmt: skip
GATE: Final = get_args(GateEvent)
"""Classes of events that a proposal's status hangs on."""


@dataclass(slots=True)
class Node:
    """One row of warm memory."""

    memory_id: str
    position: int
    swarm_id: str
    persona_id: str | None
    kind: str
    """thought, hypothesis, check, proposal, action or observation."""
    text: str
    value: float
    occurred_at: datetime
    last_seen_at: datetime
    count: int = 1
    """How many were folded into it, itself included."""
    status: str | None = None
    name: str | None = None
    """What its author calls the hypothesis, check or proposal, until another takes the name."""
    belief_key: str | None = None
    tests: str | None = None
    """Id of the hypothesis a check tests; null if that was not there."""
    led_by: str | None = None
    """Id of the thought that asked for a check."""
    fingerprint: int | None = None
    expires_at: datetime | None = None
    """When it is let go; null if it stays."""
    kept: str | None = None
    """Why it stays for ever; null if it does not."""
    kept_since: int | None = None
    """Position of the event that made it stay."""
    links: tuple[str, ...] = ()
    """What it refers to, each begun by one of the words above; evidence by the id of its node."""

    @property
    def is_open(self) -> bool:
        """Whether it is a hypothesis that no check has settled."""
        return self.kind == "hypothesis" and self.status in ("open", "inconclusive")

    def absorb(self, repetition: "Node") -> None:
        """Take the place of a repetition, with its links while there is room for more."""
        self.count += repetition.count
        self.value = max(self.value, repetition.value)
        self.last_seen_at = max(self.last_seen_at, repetition.last_seen_at)
        room = compaction.MOST_LINKS - len(self.links)
        if room > 0 and repetition.links:
            more = [AGAIN + link.partition(":")[2] for link in repetition.links]
            self.links = tuple(dict.fromkeys([*self.links, *more]))[: compaction.MOST_LINKS]

    def refs(self, word: str) -> list[str]:
        """Return what it refers to in one of the ways above."""
        return [link.removeprefix(word) for link in self.links if link.startswith(word)]


def node_of(recorded: Recorded) -> Node | None:
    """Return the node an event makes; None if it makes none by itself."""
    make = _MAKES.get(type(recorded.event))
    return make(recorded.position, recorded.event) if make else None


def heads(refs: Iterable[str]) -> Iterator[str]:
    """Yield what references name, without the lines; some are too odd to name anything."""
    for ref in refs:
        if len(ref) <= MAX_ID_LENGTH and "\0" not in ref:
            position = position_of(ref)
            yield ref if position is None else str(position)


def _thought(position: int, event: ThoughtGenerated) -> Node:
    value = compaction.thought_value(event.impact, event.error)
    shown = event.context_refs[: compaction.MOST_SHOWN]
    links = _links(CONTEXT, [each.ref for each in shown])
    node = _node("thought", position, event, event.content, value, links)
    node.fingerprint = compaction.fingerprint(event.persona_id or "", event.content)
    node.expires_at = compaction.expires_at(value, event.occurred_at)
    return node


def _observation(position: int, event: ObservationReceived) -> Node:
    [first] = read_lines(event.content.partition("\n")[0], event.format)
    text = f"{event.source}: {event.line_count} lines; {first[:LINE_CHARS]}"
    node = _node("observation", position, event, text, compaction.OBSERVATION_VALUE)
    node.memory_id = str(position)
    node.expires_at = compaction.expires_at(node.value, event.occurred_at)
    return node


def _hypothesis(position: int, event: HypothesisRaised) -> Node:
    links = _links(EVIDENCE, event.evidence_refs) + _links(CONTRADICTS, event.contradicts)
    node = _node("hypothesis", position, event, event.claim, event.confidence, links)
    node.status, node.name, node.belief_key = "open", event.hypothesis_id, event.belief_key
    return node


def _request(position: int, event: CheckRequested) -> Node:
    text = f"{event.kind} {event.spec}"
    node = _node("check", position, event, text, compaction.REQUEST_VALUE)
    node.led_by = event.causation_id
    return _check(node, event, "requested")


def _result(position: int, event: CheckResult) -> Node:
    value = compaction.check_value(event.outcome)
    links = _links(EVIDENCE, event.evidence_refs)
    return _check(
        _node("check", position, event, event.excerpt, value, links), event, event.outcome
    )


def _proposal(position: int, event: ProposalCreated) -> Node:
    value = compaction.proposal_value(event.risk)
    node = _node("proposal", position, event, "", value, _links(EVIDENCE, event.evidence_refs))
    node.text = f"{event.title}\n{event.rationale}"
    node.status, node.name = "created", event.proposal_id
    return node


_MAKES: Final[dict[type[Event], Callable[[int, Any], Node]]] = {
    ThoughtGenerated: _thought,
    ObservationReceived: _observation,
    HypothesisRaised: _hypothesis,
    CheckRequested: _request,
    CheckResult: _result,
    ProposalCreated: _proposal,
}
"""Event class to what makes its node."""


def _node(
    kind: str, position: int, event: Event, text: str, value: float, links: tuple[str, ...] = ()
) -> Node:
    if event.causation_id and kind not in ("thought", "observation"):
        links = (*links, *_links(CAUSE, [event.causation_id]))
    return Node(
        memory_id=event.event_id,
        position=position,
        swarm_id=event.swarm_id,
        persona_id=event.persona_id,
        kind=kind,
        text=text[:TEXT_CHARS],
        value=value,
        occurred_at=event.occurred_at,
        last_seen_at=event.occurred_at,
        links=links,
    )


def _check(node: Node, event: CheckRequested | CheckResult, status: str) -> Node:
    node.status, node.name, node.tests = status, event.check_id, event.hypothesis_id
    node.expires_at = compaction.expires_at(node.value, event.occurred_at)
    return node


def _links(word: str, refs: Iterable[str]) -> tuple[str, ...]:
    """Link to each once."""
    return tuple(dict.fromkeys([word + ref for ref in heads(refs)]))
