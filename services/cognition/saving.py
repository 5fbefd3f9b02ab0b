"""Saves a step of a persona, as much of it as is allowed: what was thought is never lost."""

from dataclasses import replace

from domain.context import Context
from domain.errors import InvalidInput, LimitExceeded
from domain.streams import thoughts
from services.cognition import recollection, steps
from services.cognition.calls import failed
from services.cognition.steps import Step
from services.cognition.thinking import Thinking
from services.executor import Done
from services.unit_of_work import Unit


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
