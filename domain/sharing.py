"""Who may read whose memory: nobody but its owner, unless the owner's policy shares it.

What a persona distils goes up to its ancestors as well: a child is summarised before it exits.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from domain.errors import InvalidInput
from domain.limits import SWARM, Limits
from domain.vocabulary import checked_id

LINEAGE: Final = "lineage"
"""Shared with its ancestors and its descendants."""
PERSONA: Final = "persona:"
"""Followed by an id: shared with that persona."""
MOST_NAMED: Final = 100


@dataclass(frozen=True, slots=True)
class Kin:
    """Where a persona stands among the others."""

    persona_id: str
    swarm_id: str
    ancestors: Collection[str] = ()


def check_sharing(limits: Limits) -> None:
    """Refuse words that name nobody.

    Raises:
        InvalidInput: one is neither `lineage`, `swarm` nor `persona:ID`, or there are too many.
    """
    if len(limits.share_with) > MOST_NAMED:
        raise InvalidInput(
            f"share_with of {len(limits.share_with)} exceeds limit {MOST_NAMED}",
            field="share_with", limit=MOST_NAMED, actual=len(limits.share_with),
        )  # fmt: skip
    for word in limits.share_with:
        if word.startswith(PERSONA):
            checked_id(word.removeprefix(PERSONA), "share_with")
        elif word not in (LINEAGE, SWARM):
            raise InvalidInput(
                f"share_with must be lineage, swarm or persona:ID, not {word!r}",
                field="share_with", allowed=(LINEAGE, SWARM, f"{PERSONA}ID"),
            )  # fmt: skip


def may_read(reader: Kin, owner: Kin, sharing: Collection[str], *, distilled: bool = False) -> bool:
    """Tell whether a persona may read what another has in memory.

    Args:
        reader: who reads.
        owner: whose memory it is.
        sharing: with whom the owner shares it.
        distilled: whether it is a snapshot.
    """
    above = owner.persona_id in reader.ancestors
    below = reader.persona_id in owner.ancestors
    return (
        reader.persona_id == owner.persona_id
        or (SWARM in sharing and reader.swarm_id == owner.swarm_id)
        or (LINEAGE in sharing and (above or below))
        or f"{PERSONA}{reader.persona_id}" in sharing
        or (distilled and below)
    )


def is_input_for(swarm_id: str, of_swarm_id: str) -> bool:
    """Tell whether the personas of a swarm may read what came in for another, or for one of it.

    Input is nobody's memory: it belongs to its swarm, whichever of its personas it was sent to.
    """
    return swarm_id == of_swarm_id
