"""What is sent to the gate: proposals, approvals, refusals."""

from pydantic import Field

from domain.canonical import canonical
from domain.events.gate import Action
from services.api.models.wire import JsonObject, Ref, Sent, Text
from services.commands.proposing import NewProposal


class ActionSent(Sent):
    """What is to be done, exactly."""

    tool: Text = Field(max_length=256, examples=["file.append"])
    target: Text = Field(max_length=1_000, examples=["deny.list"])
    arguments: JsonObject = Field({}, examples=[{"line": "192.0.2.7"}])

    def event(self) -> Action:
        """Return it as events carry it.

        Raises:
            InvalidInput: the arguments have no RFC 8785 form.
        """
        return Action(tool=self.tool, target=self.target, arguments=canonical(self.arguments))


class Propose(Sent):
    """What a persona wants done, or its intention known."""

    title: Text = Field(examples=["Deny 192.0.2.7"])
    rationale: Text
    risk: Text = Field(examples=["high"])
    """low, medium, high or critical, as its author sees it; the gate assesses its own."""
    evidence_refs: list[Ref] = Field(default_factory=list)
    """Event ids, or `POSITION#LINES` of observations."""
    action: ActionSent | None = None

    def command(self, proposal_id: str) -> NewProposal:
        """Return it as the command takes it."""
        return NewProposal(
            proposal_id=proposal_id,
            title=self.title,
            rationale=self.rationale,
            risk=self.risk,
            evidence_refs=tuple(self.evidence_refs),
            action=self.action.event() if self.action else None,
        )


class Approve(Sent):
    """An approval says what its person was shown."""

    shown_hash: Text | None = Field(None, max_length=128)
    """`shown_hash` of the proposal as it was shown."""


class Vote(Sent):
    """A persona's vote; its last one counts."""

    persona_id: Text = Field(min_length=1, max_length=128)
    """Who votes: a persona of the proposal's swarm."""
    vote: Text = Field(examples=["approve"])
    """approve, reject, veto or abstain."""
    reason: Text | None = Field(None, max_length=10_000)
    """Why."""


class Reject(Sent):
    """A refusal says why."""

    reason: Text = Field(min_length=1, max_length=10_000)


class Ended(Sent):
    """How an action ended that left no trace, by somebody who looked."""

    outcome: Text = Field(examples=["success"])
    """success or failure."""
    note: Text = Field(min_length=1, max_length=10_000)
    """What was found."""
