"""Who works on what: a topic of a swarm is claimed by one persona at a time."""

from domain.aggregates.work import LIMITS, Claim, ClaimLimits
from domain.errors import ForeignClaimant
from services.commands.cognition import thinking
from services.unit_of_work import Unit


def claim(
    unit: Unit, swarm_id: str, persona_id: str, topic: str, ttl_secs: int,
    limits: ClaimLimits = LIMITS,
) -> Claim:  # fmt: skip
    """Claim a topic for a persona of the swarm, or hold it for longer.

    A claim is void once its holder has been reaped.

    Raises:
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        SwarmNotFound, ForeignClaimant: the persona is not of this swarm.
        InvalidInput, TopicClaimed, ClaimLimitExceeded: as `Work.claim`.
    """
    if thinking(unit, persona_id).swarm_id != swarm_id:
        unit.swarm(swarm_id).must_exist()
        raise ForeignClaimant(persona_id, swarm_id)
    work = unit.work(swarm_id)
    holder = work.holder_of(topic, unit.context.now)
    void = holder not in (None, persona_id) and unit.persona(str(holder)).reaped
    return work.claim(unit.context, persona_id, topic, ttl_secs, limits, void=void)


def release(unit: Unit, swarm_id: str, topic: str, persona_id: str | None) -> Claim:
    """Give a topic up for the persona that holds it, or, if none is named, for whoever does.

    Raises:
        ClaimNotFound, TopicClaimed: as `Work.release`.
    """
    return unit.work(swarm_id).release(unit.context, topic, persona_id)
