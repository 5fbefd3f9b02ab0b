"""The default team for text: a root persona that watches; it spawns its own children."""

from domain.limits import Limits
from services.clock import new_id
from services.commands.lifecycle import DEFAULT_SWARM, NewPersona
from services.settings import Settings

ROOT = "root-thinker"
CHARTER = (
    "Watch everything that comes in. Say what fails, how often and where from, with the lines"
    " that show it. Spawn a watcher for a part that deserves one. Propose what should be done."
)


def root(settings: Settings, persona_id: str = ROOT, swarm_id: str = DEFAULT_SWARM) -> NewPersona:
    """Describe the root persona of a swarm that reads text."""
    swarm = settings.limits.swarm
    return NewPersona(
        persona_id=persona_id,
        name="Root thinker",
        role="orchestrator",
        charter=CHARTER,
        swarm_id=swarm_id,
        limits=Limits(
            compute_ms_per_minute=swarm.compute_ms_per_minute,
            allowed_tools=tuple(settings.gate.tools),
        ),
        tags=("team:text",),
    )


def another_root(settings: Settings, since: int) -> NewPersona:
    """Describe a root of the default swarm that follows one that ended, from a position on."""
    new = root(settings, f"{ROOT}-{new_id()[-12:]}")
    return new.model_copy(update={"tags": (*new.tags, f"since:{since}")})


def named_root(settings: Settings, prefix: str) -> NewPersona:
    """Describe the root of a swarm of its own, both with fresh ids that begin alike."""
    suffix = new_id()[-12:]
    return root(settings, f"{prefix}-root-{suffix}", f"{prefix}-{suffix}")
