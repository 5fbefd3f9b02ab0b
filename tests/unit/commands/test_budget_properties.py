"""Whatever happens, in whatever order, under whatever clock: no budget is passed."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from domain.budget import Credits
from domain.errors import DomainError
from domain.events.cognition import Usage
from domain.limits import Limits, SwarmLimits
from services.commands import budget, cognition, lifecycle
from services.commands.cognition import Thought
from services.commands.lifecycle import Ceilings
from services.unit_of_work import Unit
from tests.unit.commands.ledger import Ledger
from tests.unit.commands.world import World

CEILING = st.sampled_from([400, 200, 100, 60])
LIFE = st.sampled_from([None, 1_000, 300, 150])
AMOUNT = st.integers(0, 40)
PICK = st.integers(0, 10**6)
CHECKED = 60
"""Events in a history up to which the cache is compared with it after each refusal."""
SWARM_LIMITS = st.builds(
    SwarmLimits,
    token_budget_per_minute=CEILING,
    compute_ms_per_minute=CEILING,
    token_budget_lifetime=LIFE,
    compute_ms_lifetime=LIFE,
)
LIMITS = st.builds(
    Limits,
    max_spawn_depth=st.just(9),
    max_branching_factor=st.just(9),
    token_budget_per_minute=CEILING,
    compute_ms_per_minute=CEILING,
    token_budget_lifetime=LIFE,
    compute_ms_lifetime=LIFE,
)


def narrower(limits: Limits, parents: Limits) -> Limits:
    """Return the lesser of each budget."""
    update = {}
    for name in ("token_budget_per_minute", "compute_ms_per_minute",
                 "token_budget_lifetime", "compute_ms_lifetime"):  # fmt: skip
        both = [getattr(each, name) for each in (limits, parents)]
        update[name] = min((each for each in both if each is not None), default=None)
    return limits.model_copy(update=update)


class Budgets(RuleBasedStateMachine):
    """Personas, swarms and swarms they founded, leasing, settling, overdrawing, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.ledger = Ledger(self.world.ceilings.fabric)
        self.personas: list[str] = []
        self.swarms: list[str] = ["swarm-core"]
        self.reserved: list[tuple[str, str]] = []
        self.leased: list[tuple[str, str]] = []

    def attempt(self, command: Callable[[], Any]) -> Any:
        """Run a command; one that is refused changes nothing."""
        before = len(self.world.saved)
        try:
            done = command()
        except DomainError:
            assert len(self.world.saved) == before
            if before < CHECKED:
                self.world.check()
            return None
        self.ledger.read(self.world.saved[before:])
        return done

    def run(self, command: Callable[[Unit], object]) -> None:
        self.attempt(lambda: self.world.run(command))

    def persona(self, pick: int) -> str:
        return self.personas[pick % len(self.personas)]

    @initialize(fabric=SWARM_LIMITS, swarm=SWARM_LIMITS, limits=LIMITS, inner=LIMITS)
    def begin(self, fabric: SwarmLimits, swarm: SwarmLimits, limits: Limits, inner: Limits) -> None:
        """A root with a child in its swarm, one in a swarm of its own, and a stranger's swarm."""
        self.world.ceilings = Ceilings(fabric=fabric, swarm=swarm)
        self.ledger.fabric = fabric
        self.add("root", None, limits, None)
        self.add("child", "root", inner, None)
        self.add("guest", "root", inner, "annex")
        self.add("stranger", None, limits, "theirs")

    def add(
        self, persona_id: str, parent_id: str | None, limits: Limits, swarm_id: str | None
    ) -> None:
        """Spawn a persona with these limits, or its parent's where those are narrower."""
        if parent_id:
            limits = narrower(limits, self.world.persona(parent_id).limits)
        spawned = self.attempt(lambda: self.world.spawn(persona_id, parent_id, limits, swarm_id))
        if spawned:
            self.personas.append(persona_id)
            self.swarms = sorted({*self.swarms, spawned.swarm_id})

    @rule(parent=PICK, limits=LIMITS, into=st.sampled_from(["parent's", "new", "any"]), swarm=PICK)
    def spawn_child(self, parent: int, limits: Limits, into: str, swarm: int) -> None:
        made = f"p{len(self.personas)}"
        swarms = {"new": f"of-{made}", "any": self.swarms[swarm % len(self.swarms)]}
        self.add(made, self.persona(parent), limits, swarms.get(into))

    @rule(limits=LIMITS, swarm=PICK)
    def spawn_root(self, limits: Limits, swarm: int) -> None:
        made = f"p{len(self.personas)}"
        self.add(made, None, limits, self.swarms[swarm % len(self.swarms)])

    @rule(who=PICK, tokens=AMOUNT, cpu_ms=AMOUNT)
    def reserve(self, who: int, tokens: int, cpu_ms: int) -> None:
        persona_id = self.persona(who)
        made = self.attempt(lambda: self.world.reserve(persona_id, tokens, cpu_ms))
        if made:
            self.reserved.append((persona_id, made))

    @rule(who=PICK, needed=AMOUNT, more=AMOUNT)
    def lease(self, who: int, needed: int, more: int) -> None:
        persona_id = self.persona(who)
        if self.attempt(lambda: self.world.lease(persona_id, needed, needed + more)):
            lease_id = next(e.lease_id for e in self.world.last[::-1] if hasattr(e, "lease_id"))
            self.leased.append((persona_id, lease_id))

    @rule(pick=PICK, tokens=AMOUNT, cpu_ms=AMOUNT, again=st.booleans())
    def settle(self, pick: int, tokens: int, cpu_ms: int, again: bool) -> None:
        if not self.reserved:
            return
        at = pick % len(self.reserved)
        persona_id, made = self.reserved[at] if again else self.reserved.pop(at)
        self.attempt(lambda: self.world.settle(made, persona_id, tokens, cpu_ms))

    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        if not self.reserved:
            return
        persona_id, made = self.reserved.pop(pick % len(self.reserved))
        self.run(lambda unit: budget.release(unit, persona_id, made))

    @rule(pick=PICK, tokens=AMOUNT)
    def settle_lease(self, pick: int, tokens: int) -> None:
        """End a lease as the loop does; a thinker may have used more than it held."""
        if not self.leased:
            return
        persona_id, lease_id = self.leased.pop(pick % len(self.leased))
        persona = self.world.persona(persona_id)
        used = {lease_id: (persona.id, Credits(tokens))}
        self.run(lambda unit: budget.settle_leases(unit, persona.swarm_id, used))

    @rule(who=PICK, tokens=AMOUNT, what=st.sampled_from(["think", "resume", "reap", "restart"]))
    def disturb(self, who: int, tokens: int, what: str) -> None:
        """Think without a reservation; let all go on; end somebody; start the process again."""
        persona_id = self.persona(who)
        thought = Thought(phase="observe", content="t", usage=Usage(prompt_tokens=tokens))
        match what:
            case "think":
                self.run(lambda unit: cognition.think(unit, persona_id, thought))
            case "resume":
                for each in self.personas:
                    self.run(partial(lifecycle.resume, persona_id=each))
            case "reap" if who % 4 == 0:
                self.attempt(lambda: self.world.reap(persona_id))
            case "restart":
                self.world.restart()

    @rule(seconds=st.sampled_from([5, 30, 60, 61, -61, -200, 3_700, 90_000]))
    def clock(self, seconds: int) -> None:
        self.world.later(seconds=seconds)

    def teardown(self) -> None:
        self.world.check()
        charged = self.world.fabric().pool.lifetime.get("fabric", Credits())
        assert charged.covers(self.ledger.true["fabric"]), "used, and the fabric does not know"


Budgets.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
test_no_interleaving_passes_a_budget = Budgets.TestCase


def limits_from(dice: Random) -> dict[str, int | None]:
    ceilings, lives = [400, 200, 100, 60], [None, None, None, 4_000, 1_500]
    return {
        "token_budget_per_minute": dice.choice(ceilings),
        "compute_ms_per_minute": dice.choice(ceilings),
        "token_budget_lifetime": dice.choice(lives),
        "compute_ms_lifetime": dice.choice(lives),
    }


@pytest.mark.parametrize("seed", range(40))
def test_no_long_life_passes_a_budget(seed: int) -> None:
    """The same steps as above, several hundred in a row, as few shrinkable examples have."""
    dice, life = Random(seed), Budgets()

    def limits() -> Limits:
        return Limits(max_spawn_depth=9, max_branching_factor=9, **limits_from(dice))

    def pick() -> int:
        return dice.randrange(10**6)

    steps: list[tuple[int, Callable[[], None]]] = [
        (30, lambda: life.reserve(pick(), dice.randrange(40), dice.randrange(40))),
        (30, lambda: life.lease(pick(), dice.randrange(40), dice.randrange(40))),
        (20, lambda: life.settle(pick(), dice.randrange(40), dice.randrange(40), pick() % 5 == 0)),
        (20, lambda: life.settle_lease(pick(), dice.randrange(50))),
        (5, lambda: life.release(pick())),
        (12, lambda: life.clock(dice.choice([5, 30, 60, 61, 61, -61, -200, 3_700]))),
        (4, lambda: life.spawn_child(pick(), limits(), dice.choice(["", "new", "any"]), pick())),
        (1, lambda: life.spawn_root(limits(), pick())),
        (4, lambda: life.disturb(pick(), dice.randrange(60), "think")),
        (8, lambda: life.disturb(pick(), 0, "resume")),
        (1, lambda: life.disturb(pick(), 0, "reap")),
        (1, lambda: life.disturb(pick(), 0, "restart")),
    ]
    weights = [weight for weight, _ in steps]
    ceilings = [SwarmLimits.model_validate(limits_from(dice)) for _ in range(2)]
    life.begin(*ceilings, limits(), limits())
    for _, step in dice.choices(steps, weights, k=400):
        step()
    life.teardown()
