"""One step of the loop, saved as a whole: the thought and all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.aggregates import Persona
from domain.asking import REPLY, reply_title
from domain.budget import Credits
from domain.canonical import canonical
from domain.events.cognition import ContextRef
from domain.events.gate import Action
from domain.limits import Limits
from domain.mind import TITLE_CHARS, Decided, Mind
from domain.thinking import Answer, Checked, ChildWanted, Proposed, Question, ThinkResult
from domain.vocabulary import MAX_ID_LENGTH
from services.cognition.thinkers import TAG
from services.commands import cognition, lifecycle, proposing
from services.commands.lifecycle import Ceilings, NewPersona
from services.store.save import Fence
from services.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was thought and is to be saved."""

    persona_id: str
    tags: tuple[str, ...]
    phase: str
    result: ThinkResult
    context: tuple[ContextRef, ...]
    latency_ms: int
    mind: Mind
    decided: Sequence[Decided]
    inherited: Sequence[str]
    ceilings: Ceilings
    child_ttl_secs: int
    fence: Fence
    question: Question | None = None
    """What it answers, if it is no step of its own."""
    overspent: Credits | None = None
    """What the thinker used, if that is more than was reserved."""


def save(unit: Unit, step: Step) -> None:
    """Append the thought, its hypotheses, checks, proposals, children and snapshot."""
    unit.fence = step.fence
    persona = cognition.thinking(unit, step.persona_id)
    thought = cognition.place_thought(unit, persona, _thought(step))
    unit.context = unit.context.caused_by(thought.event_id)
    if step.result.error is None:
        _follow_up(unit, step, persona)
    if step.overspent:
        persona.pause(unit.context, "overspent", step.overspent)


def _follow_up(unit: Unit, step: Step, persona: Persona) -> None:
    result = step.result
    for supposed in result.hypotheses:
        hypothesis = cognition.Hypothesis(
            hypothesis_id=unit.context.new_id(),
            belief_key=supposed.belief_key,
            claim=supposed.claim,
            confidence=supposed.confidence,
            evidence_refs=supposed.evidence_refs,
            contradicts=supposed.contradicts,
        )
        cognition.hypothesise(unit, step.persona_id, hypothesis)
    for checked in result.checks:
        _check(unit, step, persona, checked)
    for proposed in result.proposals:
        _propose(unit, persona, proposed)
    if result.answer and step.question:
        _propose(unit, persona, _reply(step.question, result.answer))
    for wanted in result.children:
        _spawn(unit, persona, wanted, step)
    if step.phase == "compress":
        distilled = step.mind.distil(step.decided, step.inherited)
        snapshot_id = unit.context.new_id()
        cognition.compress(unit, persona, snapshot_id=snapshot_id, **distilled)


def without_children(step: Step) -> Step:
    """Return the step as it is when its children are refused."""
    return replace(step, result=replace(step.result, children=()))


def _thought(step: Step) -> cognition.Thought:
    result = step.result
    return cognition.Thought(
        phase=step.phase,
        content=result.content,
        impact=result.impact,
        context_refs=step.context,
        thinker=result.thinker,
        usage=result.usage,
        latency_ms=step.latency_ms,
        finish_reason=result.finish_reason,
        error=result.error,
        fallback_reason=result.fallback_reason,
    )


def _check(unit: Unit, step: Step, persona: Persona, checked: Checked) -> None:
    done = cognition.Check(
        check_id=unit.context.new_id(),
        hypothesis_id=checked.hypothesis_id,
        kind=checked.kind,
        spec=dict(checked.spec),
        outcome=checked.outcome,
        confidence_after=checked.confidence_after,
        evidence_refs=checked.evidence_refs,
        excerpt=checked.excerpt,
    )
    cognition.check(unit, step.persona_id, done)
    if checked.proposal and checked.outcome == "passed":
        _propose(unit, persona, checked.proposal)


def _propose(unit: Unit, persona: Persona, proposed: Proposed) -> None:
    proposal_id = unit.context.new_id()
    new = proposing.NewProposal(
        proposal_id=proposal_id,
        title=proposed.title,
        rationale=proposed.rationale,
        risk=proposed.risk,
        evidence_refs=proposed.evidence_refs,
        action=proposed.action,
    )
    proposing.create(unit, persona, new)


def _reply(question: Question, answer: Answer) -> Proposed:
    arguments = canonical({"answer": answer.text})
    return Proposed(
        title=reply_title(question.asked_by, question.text)[:TITLE_CHARS],
        rationale=f"{question.asked_by} asked: {question.text}",
        action=Action(tool=REPLY, target=question.question_id, arguments=arguments),
        risk="low",
        evidence_refs=tuple(dict.fromkeys([question.ref, *answer.evidence_refs])),
    )


def _spawn(unit: Unit, persona: Persona, wanted: ChildWanted, step: Step) -> None:
    made = unit.context.new_id()
    new = NewPersona(
        persona_id=f"{wanted.key[: MAX_ID_LENGTH - 9]}-{made[-8:]}",
        name=wanted.name,
        role=wanted.role,
        charter=wanted.charter,
        parent_id=persona.persona_id,
        limits=_limits(persona.limits, step.child_ttl_secs),
        tags=(*wanted.tags, *_thinker(step.tags)),
    )
    lifecycle.spawn(unit, new, step.ceilings)


def _thinker(tags: Sequence[str]) -> list[str]:
    """Return the tag that names a thinker: children have the one of their parent."""
    return [tag for tag in tags if tag.startswith(TAG)]


def _limits(parent: Limits, ttl_secs: int) -> Limits:
    return parent.model_copy(update={"idle_ttl_secs": min(parent.idle_ttl_secs, ttl_secs)})
