"""What is answered: JSON as it came, of which this client knows the fields named here."""

from typing import Any, NotRequired, TypedDict


class Persona(TypedDict):
    """A persona as it stands; `status` is active, idle, reaped or error."""

    identity: dict[str, Any]
    policy: dict[str, Any]
    status: str


class Placed(TypedDict):
    """Where something was stored: cite its `id`, or lines observed as `POSITION#LINES`.

    Also the id of the hypothesis or the check, if it was one.
    """

    id: str
    position: int
    hypothesis_id: NotRequired[str]
    check_id: NotRequired[str]


class Proposal(TypedDict):
    """A proposal: `stage` is how far the gate has come, `outcome` how its action ended."""

    id: str
    stage: str
    reasons: list[str]
    outcome: str | None
    votes: dict[str, str]


class Event(TypedDict):
    """Something that happened. The stream goes on after its `cursor`."""

    cursor: str
    event_type: str
    persona_id: str | None
    payload: dict[str, Any]


def is_decided(proposal: Proposal) -> bool:
    """Tell whether the gate has ended with a proposal; a mere intention ends verified."""
    intends = proposal["stage"] == "verified" and not proposal.get("action")
    return intends or proposal["stage"] in ("executed", "unclear", "rejected")
