"""Searching warm memory: what is asked, and what is found."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from domain.vocabulary import one_of
from projections.edges import Edge
from services.api.models.wire import Instant, Ref, Sent, Share, Text, Timestamp, Told
from services.memory.near import KINDS, Wanted
from services.memory.search import TIER, Found, Hit, RankedBy

MOST_HITS = 100
MOST_NAMED = 100


def _kind(word: str) -> str:
    return one_of(word, KINDS, "kind")


Kind = Annotated[Text, AfterValidator(_kind)]
"""A kind of node there is."""


class SearchMemory(Sent):
    """What is looked for."""

    query: Text = Field(min_length=1, max_length=4_000, examples=["failed logins as root"])
    """Any words; what means alike is found as well."""
    count: int = Field(default=10, ge=1, le=MOST_HITS)
    """Most hits to return."""
    kinds: list[Kind] | None = Field(default=None, max_length=MOST_NAMED)
    """Only nodes of these kinds: thought, hypothesis, check, proposal, action or observation."""
    since: Instant | None = None
    """Only what was last thought at this time or later."""
    until: Instant | None = None
    """Only what was first thought at this time or earlier."""
    persona_ids: list[Ref] | None = Field(default=None, max_length=MOST_NAMED)
    """Only the memory of these personas."""
    supports: bool = False
    """Whether to tell what each hit rests on."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError("since must not be after until")
        return self

    def wanted(self) -> Wanted:
        """Return the filters."""
        return Wanted(self.kinds, self.since, self.until, self.persona_ids)


class Support(Told):
    """One step of the walk from a hit to what it rests on."""

    source: str
    """What rests on it: the hit, or what an earlier step came to."""
    kind: str
    """How: evidence, cause, executes, context or tests."""
    ref: str
    """What it rests on."""
    depth: int
    """How many steps from the hit, from 1."""
    text: str | None
    """Null if it is not in warm memory, or not for who asks to see."""


class MemoryHit(Told):
    """One node of memory that was found."""

    ref: str
    """Its id."""
    position: int
    """Place in the total order of all events; what it is cited by as evidence, for ever."""
    kind: str
    persona_id: str | None
    """Whose memory it is; null for what is nobody's."""
    text: str
    score: Share
    """The parts below, weighed."""
    similarity: Share
    """How alike it is to the query."""
    recency: Share
    """1 for now, halved with each half-life."""
    value: Share
    """How much it was worth when it was thought."""
    occurred_at: Timestamp
    """When it was first thought."""
    last_seen_at: Timestamp
    """When it was last thought."""
    count: int
    """How often it was thought, in nearly these words."""
    tier: str = TIER
    supports: list[Support] | None
    """What it rests on, nearest first; null if that was not asked for."""


class MemoryFound(Told):
    """The answer to a search."""

    hits: list[MemoryHit]
    """Best first."""
    embedder: str
    """What compares texts here."""
    ranked_by: RankedBy
    """vectors: by meaning; text: by the words of the query, while there are no vectors."""


def found(answer: Found) -> MemoryFound:
    """Put an answer on the wire."""
    return MemoryFound(
        hits=[_hit(each, answer.supports.get(each.ref)) for each in answer.hits],
        embedder=answer.embedder,
        ranked_by=answer.ranked_by,
    )


def _hit(hit: Hit, supports: Sequence[Edge] | None) -> MemoryHit:
    return MemoryHit(
        ref=hit.ref,
        position=hit.position,
        kind=hit.kind,
        persona_id=hit.persona_id,
        text=hit.text,
        score=hit.score,
        similarity=hit.similarity,
        recency=hit.recency,
        value=hit.value,
        occurred_at=hit.occurred_at,
        last_seen_at=hit.last_seen_at,
        count=hit.count,
        supports=None if supports is None else [_support(edge) for edge in supports],
    )


def _support(edge: Edge) -> Support:
    return Support(
        source=edge.source,
        kind=edge.kind,
        ref=edge.target,
        depth=edge.depth,
        text=edge.node.text if edge.node else None,
    )
