"""The verifier: every rule a small function that passes a proposal or says why not.

Whether the target is free is no rule here: that is decided on the target itself, in the save.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.asking import is_reply, what_it_answers
from domain.errors import InvalidInput
from domain.events import ObservationReceived, ProposalCreated
from domain.events.gate import Action, Finding
from services.commands.cognition import MAX_REFS, canonical
from services.gate.actuators import Actuators
from services.gate.evidence import Citation
from services.gate.risk import assess
from services.settings import Tool

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    content: ProposalCreated
    faulty: Sequence[Citation]
    """What it cites and may not; empty if it cites too much to look up."""
    tools: Mapping[str, Tool]
    actuators: Actuators
    question: ObservationReceived | None = None
    """What a reply's target names among the questions put to its persona; None if nothing."""


Rule = Callable[[Case], Finding | None]
"""Says what it finds; None where it has nothing to say."""


def it_rests_on_something(case: Case) -> Finding:
    """A proposal without evidence, or with more than can be looked at, is refused."""
    cited = len(case.content.evidence_refs)
    if not 0 < cited <= MAX_REFS:
        return _failed("evidence", f"cites {cited} references, must be 1 to {MAX_REFS:,}")
    return _passed("evidence", f"cites {cited} references")


def its_evidence_is_there(case: Case) -> Finding:
    """All evidence exists and is visible to the proposer."""
    wrong = [f"{c.ref} {c.fault}" for c in case.faulty]
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        return _failed("evidence", "; ".join(wrong[:_NAMED]) + more)
    return _passed("evidence", "all of it is there")


def its_tool_is_known(case: Case) -> Finding:
    """The settings know the tool."""
    action = case.content.action
    if action is not None and action.tool not in case.tools:
        return _failed("consistency", f"there is no tool {action.tool}")
    return _passed("consistency", "its tool is known" if action else "there is no action")


def its_arguments_fit(case: Case) -> Finding:
    """What carries the tool out would take target and arguments."""
    action = case.content.action
    actuator = case.actuators.get(action.tool) if action else None
    if action is None or actuator is None:
        return _passed("consistency", "there is nothing to fit")
    arguments = arguments_of(action)
    if arguments is None:
        return _failed("consistency", "the arguments are no JSON object in RFC 8785 form")
    refusal = actuator.refusal(action.target, arguments)
    if refusal:
        return _failed("consistency", refusal)
    return _passed("consistency", f"target and arguments fit {action.tool}")


def it_answers_a_question(case: Case) -> Finding | None:
    """A reply answers a question that was put to its persona, and to nobody else."""
    action = case.content.action
    if action is None or not is_reply(action):
        return None
    return what_it_answers(action, case.content.persona_id or "", case.question)


def its_risk_is_assessed(case: Case) -> Finding:
    """The risk is ours to say; this finding tells how it came about."""
    return _passed("risk", assess(case.content.action, case.content.risk, case.tools)[1])


RULES: tuple[Rule, ...] = (
    it_rests_on_something,
    its_evidence_is_there,
    its_tool_is_known,
    its_arguments_fit,
    it_answers_a_question,
    its_risk_is_assessed,
)
"""All of them are asked, and all findings are told."""


def verify(case: Case) -> tuple[list[Finding], str]:
    """Return what every rule says, and the assessed risk."""
    risk, _ = assess(case.content.action, case.content.risk, case.tools)
    return [finding for rule in RULES if (finding := rule(case))], risk


def arguments_of(action: Action) -> dict[str, Any] | None:
    """Return the arguments of an action; None unless they are one object in canonical form."""
    try:
        arguments = json.loads(action.arguments)
        if isinstance(arguments, dict) and canonical(arguments) == action.arguments:
            return arguments
    except (InvalidInput, ValueError, RecursionError):
        pass
    return None


def _passed(rule: str, reason: str) -> Finding:
    return Finding(rule=rule, passed=True, reason=reason)


def _failed(rule: str, reason: str) -> Finding:
    return Finding(rule=rule, passed=False, reason=reason)
