"""Saves a step of a persona, as much of it as is allowed: what was thought is never lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.context import Context
from domain.errors import InvalidInput, LimitExceeded
from domain.mind import Decided, Mind
from domain.streams import thoughts
from projections.rows import PersonaRow
from services.cognition import recollection, steps
from services.cognition.calls import failed
from services.cognition.material import Material
from services.cognition.request import shown_in
from services.cognition.spent import Answered
from services.cognition.steps import Step
from services.cognition.thinking import Thinking
from services.executor import Done
from services.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Thought:
    """What came of thinking about something."""

    material: Material
    answered: Answered
    latency_ms: int


async def step_of(
    thought: Thought, row: PersonaRow, thinking: Thinking, mind: Mind, inherited: Sequence[str]
) -> Step:
    """Make a thought a step to be saved, with what its persona has decided by now."""
    material, answered = thought.material, thought.answered
    decided: list[Decided] = []
    if material.phase == "compress":
        decided = await asyncio.to_thread(thinking.decided, row.persona_id)
    return Step(
        persona_id=row.persona_id,
        tags=row.tags,
        phase=material.phase,
        result=answered.result,
        context=shown_in(answered.request),
        latency_ms=thought.latency_ms,
        mind=mind,
        decided=decided,
        inherited=inherited,
        ceilings=thinking.ceilings,
        child_ttl_secs=thinking.settings.child_idle_ttl_secs,
        fence=thinking.fence,
        question=material.question,
        overspent=answered.overspent,
    )


async def save_what_can_be(thinking: Thinking, context: Context, step: Step) -> Done[int]:
    """Save a step; without the children that are refused, and nonsense as a failed thought.

    Returns:
        The length of the persona's thought log before it.
    """
    try:
        return await _save(thinking, context, step)
    except LimitExceeded:
        return await _save(thinking, context, steps.without_children(step))
    except InvalidInput as nonsense:
        said = failed(f"{nonsense.code}: {nonsense}"[:500], step.result.usage)
        return await _save(thinking, context, replace(step, result=said))


async def _save(thinking: Thinking, context: Context, step: Step) -> Done[int]:
    """Save a step; a snapshot distils all of the mind, also what was pushed meanwhile."""
    prefix, mind = thoughts(step.persona_id), step.mind

    def command(unit: Unit) -> int:
        before = unit.log(prefix).length
        if step.phase == "compress":
            recollection.must_be_whole(unit, mind)
        steps.save(unit, step)
        return before

    return await thinking.save_whole(context, mind, command)
