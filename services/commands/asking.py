"""Asking a persona: the question is stored, and whoever thinks for it finds it there."""

from collections.abc import Iterator, Sequence

from domain import streams
from domain.aggregates import Persona
from domain.asking import asked_source, checked_question, tools_of
from domain.events import ObservationReceived
from services.commands.observation import Batch
from services.unit_of_work import Unit


def ask(unit: Unit, persona_id: str, question: Batch) -> ObservationReceived:
    """Put a question to a persona.

    A paused persona may be asked: it answers once it thinks again.

    Raises:
        InvalidInput: the question is blank, or too long.
        PersonaNotFound, PersonaReapedError: nobody is there to answer.
    """
    checked_question(question.content)
    persona = unit.persona(persona_id)
    persona.must_live()
    source = asked_source(persona_id)
    asked = ObservationReceived(
        **unit.context.envelope(persona.swarm_id, persona_id), source=source, **question.__dict__
    )
    unit.append(streams.observations(persona.swarm_id, source), asked)
    return asked


def usable_tools(unit: Unit, persona_id: str) -> Sequence[str]:
    """Return the tools a persona may use, `reply` among them or not."""
    persona = unit.persona(persona_id)
    return tools_of(persona.limits.allowed_tools, _inherited(unit, persona))


def _inherited(unit: Unit, persona: Persona) -> Iterator[Sequence[str]]:
    """Yield the tools of the ancestors, nearest first; who is not asked for is not read."""
    while parent_id := persona.identity.parent_id:
        persona = unit.persona(parent_id)
        yield persona.limits.allowed_tools
