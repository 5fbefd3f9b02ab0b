"""A root with a budget, and what a refusal of more than it looks like."""

from typing import Any

import pytest

from domain.errors import BudgetExhausted
from domain.limits import Limits, SwarmLimits
from tests.unit.commands.world import ROOMY, World

LIMITS = Limits(token_budget_per_minute=100, compute_ms_per_minute=1_000)


def with_root(limits: Limits = LIMITS, **ceilings: SwarmLimits) -> World:
    world = World(ROOMY.model_copy(update=ceilings))
    world.spawn("root", limits=limits)
    return world


def exhausted(world: World, persona_id: str = "root", **amounts: int) -> dict[str, Any]:
    """Reserve, see it refused and nothing saved; return the numbers."""
    before = len(world.saved)
    with pytest.raises(BudgetExhausted) as refused:
        world.reserve(persona_id, **amounts)
    assert (refused.value.code, len(world.saved)) == ("budget_exhausted", before)
    assert refused.value.retry_after_secs == refused.value.details["retry_after_secs"]
    world.check()
    return refused.value.details
