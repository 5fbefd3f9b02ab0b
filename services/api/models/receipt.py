"""Receipts: what was done, why, and who allowed it."""

from pydantic import JsonValue
from pydantic_core import from_json

from projections.rows import ProposalRow
from services.api.models.proposal import action_told
from services.api.models.wire import Timestamp, Told


class ToolInvocation(Told):
    """One call of an actuator."""

    tool_name: str
    arguments: JsonValue
    result: str
    success: bool
    lease_id: str | None
    invoked_at: Timestamp


class Receipt(Told):
    """What was done, why, and who allowed it."""

    id: str
    proposal_id: str
    inputs: list[str]
    governance_decision: str
    capability_leases: list[str]
    tool_invocations: list[ToolInvocation]
    outcome: dict[str, str | None]
    created_at: Timestamp


def receipt(row: ProposalRow) -> Receipt | None:
    """Tell what was done for a proposal; None if nothing was yet."""
    if row.action_id is None or row.executed_at is None or row.outcome is None:
        return None
    action, success = action_told(row.action), row.outcome == "success"
    result = row.result or "{}"
    invocation = ToolInvocation(
        tool_name=action.tool if action else "",
        arguments=action.arguments if action else None,
        result=result,
        success=success,
        lease_id=None,
        invoked_at=row.started_at or row.executed_at,
    )
    return Receipt(
        id=row.action_id,
        proposal_id=row.proposal_id,
        inputs=list(row.evidence_refs),
        governance_decision=_decision(row),
        capability_leases=[],
        tool_invocations=[invocation],
        outcome=(
            {"type": "success", "summary": summary_of(row.outcome, result)}
            if success
            else {
                "type": "failure",
                "error": summary_of(row.outcome, result),
                "follow_up_attention": None,
            }
        ),
        created_at=row.executed_at,
    )


def summary_of(outcome: str, result: str) -> str:
    """Say in a line how an action ended, of what its actuator said."""
    said = from_json(result)
    if isinstance(said, dict) and isinstance(said.get("error"), str):
        return f"{outcome}: {said['error']}"
    return f"{outcome}: {result}"[:500]


def _decision(row: ProposalRow) -> str:
    said = f"{row.policy_decision} by policy {row.policy_hash}"
    return f"{said}, approved by {row.approved_by}" if row.approved_by else said
