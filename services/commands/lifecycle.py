"""Personas come and go. A spawn is one save of parent, swarm, fabric and child."""

from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from domain import streams
from domain.aggregates import Persona, Swarm
from domain.budget import Credits
from domain.errors import ForeignSwarm, InvalidInput
from domain.events import SnapshotCompressed
from domain.events.lifecycle import Identity
from domain.limits import Limits, SwarmLimits
from domain.vocabulary import checked_id
from services.unit_of_work import Unit

MAX_CHARTER = 100_000
DEFAULT_SWARM = "swarm-core"


class NewPersona(BaseModel):
    """Who is to be spawned. Ids and limits not given are made or inherited."""

    model_config = ConfigDict(frozen=True)

    persona_id: str
    name: str
    role: str
    charter: str
    swarm_id: str | None = None
    parent_id: str | None = None
    limits: Limits | None = None
    tags: tuple[str, ...] = ()


class Ceilings(BaseModel):
    """Limits that come from the settings: facts of every spawn and lease."""

    model_config = ConfigDict(frozen=True)

    fabric: SwarmLimits = SwarmLimits(
        token_budget_per_minute=1_000_000, compute_ms_per_minute=600_000, max_live_personas=10_000
    )
    """Ceilings of all swarms together."""
    swarm: SwarmLimits = SwarmLimits()
    """Ceilings of a swarm nobody gave any."""


def spawn(unit: Unit, new: NewPersona, ceilings: Ceilings) -> Persona:
    """Spawn a persona, under a parent or as a root; found its swarm if there is none yet.

    What is checked, and in which order, is said in docs/contracts.md. A child's swarm is its
    parent's, a new one, or one its parent founded: only these count its calls against all its
    ancestors.

    Raises:
        InvalidInput, PersonaNotFound, PersonaReapedError, BranchingLimitExceeded,
        SpawnDepthExceeded, SpawnQuotaExceeded, WiderThanParent, ForeignSwarm, IdTaken: see each.
    """
    _check_words(new)
    context = unit.context
    if new.parent_id is None:
        swarm_id, limits, depth = new.swarm_id or DEFAULT_SWARM, new.limits or Limits(), 0
        parent = None
    else:
        parent = unit.persona(new.parent_id)
        parent.must_live()
        swarm_id, limits = new.swarm_id or parent.swarm_id, new.limits or parent.limits
        depth = parent.identity.depth + 1
        parent.give_place(context, new.persona_id, limits)
    swarm = _swarm(unit, swarm_id, parent, limits, ceilings)
    swarm.give_place(context, new.persona_id)
    unit.fabric().give_place(context, new.persona_id, ceilings.fabric)
    identity = Identity(
        name=new.name,
        role=new.role,
        charter=new.charter,
        parent_id=new.parent_id,
        depth=depth,
        tags=new.tags,
    )
    child = unit.persona(new.persona_id)
    child.spawn(context, swarm_id, identity, limits)
    return child


def reap(
    unit: Unit, persona_id: str, reason: str, distil: Callable[[Unit], SnapshotCompressed],
    to_cite: Sequence[str], cascade_root: str | None = None, note: str | None = None,
) -> bool:  # fmt: skip
    """End a persona with its last snapshot, in one save; return False if it had ended before.

    Raises:
        PersonaNotFound: none has this id.
        SnapshotIncomplete: the snapshot leaves out what must be carried on.
    """
    persona = unit.persona(persona_id)
    if persona.reaped:
        return False
    persona.must_live()
    context = unit.context
    last = distil(unit)
    unit.append(streams.thoughts(persona_id), last)
    persona.reap(context, reason, last, to_cite, cascade_root=cascade_root, note=note)
    if persona.identity.parent_id:
        unit.persona(persona.identity.parent_id).take_place_back(context, persona_id)
    unit.swarm(persona.swarm_id).take_place_back(context, persona_id)
    unit.fabric().take_place_back(context, persona_id)
    return True


def pause(unit: Unit, persona_id: str) -> None:
    """Keep a persona from thinking until it is resumed."""
    unit.persona(persona_id).pause(unit.context, "manual", Credits())


def resume(unit: Unit, persona_id: str, reason: str = "manual") -> None:
    """Let a paused persona think again."""
    unit.persona(persona_id).resume(unit.context, reason)


def _swarm(
    unit: Unit, swarm_id: str, parent: Persona | None, limits: Limits, ceilings: Ceilings
) -> Swarm:
    swarm = unit.swarm(swarm_id)
    if swarm.exists:
        if parent and parent.swarm_id != swarm_id and parent.persona_id != swarm.founder_id:
            raise ForeignSwarm(swarm_id, parent.persona_id)
        return swarm
    if parent is None:
        swarm.create(unit.context, ceilings.swarm)
        return swarm
    founded = ceilings.swarm.model_copy(
        update={
            "token_budget_per_minute": limits.token_budget_per_minute,
            "compute_ms_per_minute": limits.compute_ms_per_minute,
            "token_budget_lifetime": limits.token_budget_lifetime,
            "compute_ms_lifetime": limits.compute_ms_lifetime,
        }
    )
    swarm.create(unit.context, founded, parent.persona_id, parent.swarm_id)
    return swarm


def _check_words(new: NewPersona) -> None:
    checked_id(new.persona_id, "persona_id")
    if new.swarm_id is not None:
        checked_id(new.swarm_id, "swarm_id")
        if new.swarm_id == streams.FABRIC:
            raise InvalidInput("swarm_id fabric is the fabric's own", field="swarm_id")
    for field, text in (("name", new.name), ("role", new.role)):
        if not text.strip() or len(text) > 256:
            raise InvalidInput(f"{field} must be 1 to 256 characters", field=field, limit=256)
    if len(new.charter) > MAX_CHARTER:
        raise InvalidInput(
            f"charter of {len(new.charter)} characters exceeds limit {MAX_CHARTER}",
            field="charter", limit=MAX_CHARTER, actual=len(new.charter),
        )  # fmt: skip
