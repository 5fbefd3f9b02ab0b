"""What comes in for a swarm: batches of lines, appended to the log of their source."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from domain import streams
from domain.asking import is_question
from domain.errors import InvalidInput
from domain.events import ObservationDropped, ObservationReceived
from services.unit_of_work import Unit


class Batch(BaseModel):
    """Lines of one source, cut to size, as they go into one observation event."""

    model_config = ConfigDict(frozen=True)

    content: str
    line_count: int
    first_line: int
    offset: int
    replaced_bytes: int = 0
    continues: bool = False
    unfinished: bool = False
    ending: str = "\n"
    format: str = "text"
    file: str | None = None


class Dropped(BaseModel):
    """Lines of one source that are passed over, told in an event of their own."""

    model_config = ConfigDict(frozen=True)

    lines: int
    bytes: int
    first_line: int
    offset: int
    reason: str
    continues: bool = False
    unfinished: bool = False
    file: str | None = None


def observe(
    unit: Unit,
    swarm_id: str,
    source: str,
    batches: Sequence[Batch | Dropped],
    persona_id: str | None = None,
) -> None:
    """Store what came in for a swarm, or for one of its personas, and what of it is passed over.

    Raises:
        InvalidInput: a source that can't be, or a persona of another swarm.
        SwarmNotFound, PersonaNotFound, PersonaReapedError: nobody is there to see it.
    """
    checked_source(source)
    if persona_id is None:
        unit.swarm(swarm_id).must_exist()
    else:
        persona = unit.persona(persona_id)
        persona.must_live()
        if persona.swarm_id != swarm_id:
            raise InvalidInput(f"{persona_id} is not of swarm {swarm_id}", field="swarm_id")
    prefix = streams.observations(swarm_id, source)
    for batch in batches:
        envelope = unit.context.envelope(swarm_id, persona_id)
        kind = ObservationReceived if isinstance(batch, Batch) else ObservationDropped
        unit.append(prefix, kind(**envelope, source=source, **batch.__dict__))


def checked_source(source: str) -> str:
    """Return the name of a source.

    Raises:
        InvalidInput: it is empty, too long, or kept for questions.
    """
    if not source or len(source) > 1_000:
        raise InvalidInput("source must be 1 to 1000 characters", field="source", limit=1_000)
    if is_question(source):
        raise InvalidInput(
            f"source {source[:200]!r} is kept for questions: choose another name, or ask",
            field="source",
        )
    return source
