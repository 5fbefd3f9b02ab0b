"""What a person must see before allowing a proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.aggregates import Proposal
from services.gate.evidence import Citation, Citing, look_up
from services.store.recorder import Recorder

SHOWN_REFS = 50
"""Most references whose text is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as it is put before a person.

    Its texts come from personas and from what they read: escape them for where they are shown.
    """

    proposal_id: str
    status: str
    """As in `Proposal`; an approval is due where it is waiting."""
    shown: dict[str, Any]
    """What `shown_hash` is the hash of."""
    shown_hash: str
    """To be sent with the approval: SHA-256 of `shown` in RFC 8785 form, hex."""
    evidence: Sequence[Citation]
    """What is cited, with its text: the first 50 references. Stored events never change."""
    left_out: int
    """How many references more there are."""


def show(recorder: Recorder, proposal: Proposal) -> Shown:
    """Put a proposal before a person, with the text of what it cites."""
    content = proposal.content
    refs = content.evidence_refs[:SHOWN_REFS]
    citing = Citing(content.persona_id or "", content.swarm_id)
    return Shown(
        proposal.proposal_id,
        proposal.status,
        proposal.shown,
        proposal.shown_hash,
        tuple(look_up(recorder, citing, refs)),
        len(content.evidence_refs) - len(refs),
    )
