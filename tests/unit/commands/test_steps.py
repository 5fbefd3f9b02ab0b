"""What follows from a step of the loop is saved with it."""

from domain.events import PersonaSpawned
from domain.events.cognition import Thinker, Usage
from domain.limits import Limits
from domain.mind import Mind
from domain.thinking import ChildWanted, ThinkResult
from services.cognition.steps import Step, save
from services.commands import lifecycle
from services.commands.lifecycle import NewPersona
from services.store.save import Fence
from tests.unit.commands.world import ROOMY, World

GONE = "thinker:gone"


class SameIds(World):
    """Makes the same id each time: a command that is run again must name the same child."""

    def new_id(self) -> str:
        return "made"


def test_a_child_has_its_parents_thinker_even_one_that_has_gone_meanwhile() -> None:
    world = SameIds()
    parent = NewPersona(
        persona_id="p", name="P", role="r", charter="c", tags=("team:a", GONE), limits=Limits()
    )
    world.run(lambda unit: lifecycle.spawn(unit, parent, ROOMY))
    child = ChildWanted("part", "Watcher", "watcher", "Watch it.", tags=("focus:x",))
    result = ThinkResult("So be it.", Thinker(source="test"), Usage(), children=[child])
    step = Step(
        persona_id="p", tags=parent.tags, phase="reflect", result=result, context=(), latency_ms=1,
        mind=Mind("p"), decided=(), inherited=(), ceilings=ROOMY, child_ttl_secs=60,
        fence=Fence("loop", 1),
    )  # fmt: skip

    world.run(lambda unit: save(unit, step))

    [spawned] = [each for each in world.last if isinstance(each, PersonaSpawned)]
    assert spawned.identity.parent_id == "p"
    assert spawned.identity.tags == ("focus:x", GONE)
