"""Who came from whom, on the wire; and what may be asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Self

from pydantic import BaseModel, Field, model_validator

from projections.lineage import Direction, Kin, Moment
from projections.rows import LineageRow
from services.api.models.persona import status_of
from services.api.models.wire import Instant, Told
from services.api.queries import Word
from services.credits import CreditsLeft
from services.store.reading import LAST_POSITION


class LineageAsked(BaseModel):
    """Which part of the lineage, and as of when; all of it as of now if nothing is said."""

    swarm: Word | None = Field(None, description="Only those of this swarm.")
    persona: Word | None = Field(None, description="Only this persona and its kin.")
    direction: Direction | None = Field(
        None, description="Whom of its kin: ancestors or descendants; descendants by default."
    )
    as_of_position: int | None = Field(
        None, ge=0, le=LAST_POSITION, description="As of the event at this position."
    )
    as_of_time: Instant | None = Field(
        None, description="As of this time, RFC 3339, by the clocks of those who wrote."
    )
    credits: bool = Field(False, description="Add what each could still lease in this minute.")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.direction and self.persona is None:
            raise ValueError("direction needs a persona")
        if self.as_of_position is not None and self.as_of_time is not None:
            raise ValueError("as_of_position and as_of_time exclude each other")
        if self.credits and self.is_past:
            raise ValueError("credits are those of now: leave out as_of_position and as_of_time")
        return self

    @property
    def is_past(self) -> bool:
        """Whether it is asked as of a moment."""
        return self.as_of_position is not None or self.as_of_time is not None

    @property
    def kin(self) -> Kin | None:
        """Whose kin is asked for, if anybody's."""
        return Kin(self.persona, self.direction or "descendants") if self.persona else None

    @property
    def moment(self) -> Moment:
        """As of when."""
        if self.as_of_position is None:
            return Moment(time=self.as_of_time)
        return Moment(self.as_of_position)


class LineageNode(Told):
    """One persona in the lineage."""

    persona_id: str
    parent_id: str | None
    children: list[str]
    depth: int
    status: str


class Lineage(Told):
    """Who came from whom, reaped ones included. Children, roots and edges are among the nodes."""

    nodes: list[LineageNode]
    roots: list[str]
    total_edges: int


class Left(Told):
    """What a persona could still lease in this minute."""

    tokens: int
    """Least of what is left to it, to each ancestor, its swarm and the fabric."""
    cpu_ms: int
    """Milliseconds, likewise."""
    spawns: int
    """Children it could spawn now into its own swarm."""


class FundedNode(LineageNode):
    """One persona in the lineage, and what is left to it."""

    credits_left: Left | None
    """Null for one that has ended."""


class FundedLineage(Told):
    """Who came from whom, and what is left to each."""

    nodes: list[FundedNode]
    roots: list[str]
    total_edges: int


def lineage(rows: Sequence[LineageRow]) -> Lineage:
    """Tell who came from whom."""
    nodes = [LineageNode(**_node(row)) for row in rows]
    roots = _roots(rows)
    return Lineage(nodes=nodes, roots=roots, total_edges=len(rows) - len(roots))


def funded(rows: Sequence[LineageRow], left: Mapping[str, CreditsLeft]) -> FundedLineage:
    """Tell who came from whom, and what is left to each."""
    nodes = [FundedNode(**_node(row), credits_left=_left(left.get(row.persona_id))) for row in rows]
    roots = _roots(rows)
    return FundedLineage(nodes=nodes, roots=roots, total_edges=len(rows) - len(roots))


def _node(row: LineageRow) -> dict[str, object]:
    return {
        "persona_id": row.persona_id,
        "parent_id": row.parent_id,
        "children": list(row.children),
        "depth": row.depth,
        "status": status_of(row),
    }


def _left(left: CreditsLeft | None) -> Left | None:
    return Left.model_validate(asdict(left)) if left else None


def _roots(rows: Sequence[LineageRow]) -> list[str]:
    """Return those whose parents are not among them."""
    known = {row.persona_id for row in rows}
    return [row.persona_id for row in rows if row.parent_id not in known]
